"""Prompts, requests and changed weights for the tests of the two vLLM engines: in this process, and on a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engines import Completion, Delta, Request, Sampling, TextPrompt

if TYPE_CHECKING:
    import torch

PROMPTS = {
    "coder": "<|coder|>Read two integers and print their sum.<|answer|>",
    "tester": "<|tester|>Read a line and print it in upper case.<|answer|>",
    "short": "x = 1",
}

Samples = dict[tuple[str, int], Completion]
"""Completions by the request's key and the sample's index."""


class Asked(Protocol):
    """The part of an engine that these tests use."""

    def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]: ...


def tensors(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint."""
    from safetensors.torch import load_file

    return load_file(checkpoint / "model.safetensors")


def changed(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint plus normal noise of a tenth of each tensor's standard deviation."""
    import torch

    random = torch.Generator().manual_seed(3)
    found = tensors(checkpoint).items()
    return {name: t + 0.1 * t.std() * torch.randn(t.shape, generator=random) for name, t in found}


def requests(n: int = 3, **sampling: Any) -> list[Request]:
    """For each of PROMPTS a request for `n` samples; `sampling` changes fields of their Sampling."""
    drawn = Sampling(**{"max_tokens": 24, "seed": 11, **sampling})
    return [Request(key, TextPrompt(text), n, drawn) for key, text in PROMPTS.items()]


async def sample(engine: Asked, *asked: Request, on_delta: Callable[[Delta], None] | None = None) -> Samples:
    """All samples of the requests `asked`, or of `requests()` where none are given."""
    return {(c.key, c.index): c async for c in engine.complete(asked or requests(), on_delta)}


def drawn(done: Samples) -> dict[tuple[str, int], tuple[tuple[int, ...] | None, str, str]]:
    """Token ids, text and finish reason of each sample, without the log-probabilities, which differ between engines."""
    return {place: (c.token_ids, c.text, c.finish) for place, c in done.items()}
