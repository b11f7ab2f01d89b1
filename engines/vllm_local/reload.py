"""Makes vLLM's reload safe: a stream of weights that is always complete, and a check that vLLM uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.errors import EngineError
from engines.local.misfit import misfit, missing

if TYPE_CHECKING:
    import torch


class Checkpoint:
    """Names and shapes of the weights in a directory, and each weight on demand; raises EngineError if it has none."""

    def __init__(self, directory: Path, tied: bool) -> None:
        from safetensors import safe_open

        self.directory = directory
        self.tied = tied
        """Whether `lm_head.weight` is the embedding and may be left out."""
        self.shapes: dict[str, tuple[int, ...]] = {}
        self._files: dict[str, Path] = {}
        for file in sorted(directory.glob("*.safetensors")):
            with safe_open(file, "pt") as weights:
                for name in weights.keys():  # noqa: SIM118 - not a mapping
                    self.shapes[name] = tuple(weights.get_slice(name).get_shape())
                    self._files[name] = file
        if tied:
            self.shapes.pop("lm_head.weight", None)
        if not self.shapes:
            raise EngineError(f"{directory} has no *.safetensors, so new weights cannot be checked against it")

    def size(self) -> int:
        """Number of parameters."""
        from math import prod

        return sum(map(prod, self.shapes.values()))

    def fitting(
        self, tensors: Iterable[tuple[str, torch.Tensor]], left: dict[str, tuple[int, ...]]
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """The tensors, except an `lm_head.weight` that is tied to the embedding.

        `left` is a copy of `shapes`; the name of each tensor is removed from this mapping. Raises EngineError at a name
        or shape that does not fit, and at the end if `left` is not empty.
        """
        for name, tensor in tensors:
            if self.tied and name == "lm_head.weight":
                continue
            if problem := misfit(name, tuple(tensor.shape), self.shapes, left):
                raise EngineError(problem)
            del left[name]
            yield name, tensor
        if left:
            raise EngineError(missing(list(left)))

    def read(self, name: str) -> torch.Tensor:
        """The weight of this name."""
        from safetensors import safe_open

        with safe_open(self._files[name], "pt") as weights:
            tensor: torch.Tensor = weights.get_tensor(name)
        return tensor


class CompletedWeights:
    """Weights for vLLM's reload, which must not end half way: after an error, which is kept in `error`, the remaining
    weights come from the checkpoint.

    Each tensor is copied, since vLLM keeps it until its layer is complete and a trainer may reuse its memory.
    """

    def __init__(self, checkpoint: Checkpoint, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        self.error: Exception | None = None
        self._checkpoint = checkpoint
        self._tensors = tensors

    def __iter__(self) -> Iterator[tuple[str, torch.Tensor]]:
        left = dict(self._checkpoint.shapes)
        try:
            for name, tensor in self._checkpoint.fitting(self._tensors, left):
                yield name, tensor.detach().clone()
        except Exception as error:  # noqa: BLE001 - the caller raises it after the reload
            self.error = error
        for name in left:
            yield name, self._checkpoint.read(name)


def with_noise(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights with noise added to each, enough to reveal answers from any old weight."""
    import torch

    random = torch.Generator().manual_seed(0)
    return {
        name: weight + 0.1 * weight.float().square().mean().sqrt() * torch.randn(weight.shape, generator=random)
        for name, weight in weights.items()
    }


def mismatch(
    directory: Path,
    weights: Mapping[str, torch.Tensor],
    draw: Callable[[list[int], int], tuple[list[int], list[float]]],
) -> float:
    """Largest difference between log-probabilities that `draw` gives and those of transformers with these weights.

    `draw(prompt, count)` gives the ids and log-probabilities of at most `count` tokens, sampled at temperature 1.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(directory, local_files_only=True)
    auto: Any = AutoModelForCausalLM
    model = auto.from_config(config).float().eval()
    model.load_state_dict({name: weight.float() for name, weight in weights.items()}, strict=False)
    model.tie_weights()
    vocabulary = config.get_text_config().vocab_size
    prompt = [number % vocabulary for number in range(7, 7 + 11 * 12, 11)]
    ids, logprobs = draw(prompt, 16)
    with torch.no_grad():
        scores = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
    expected = scores.gather(1, torch.tensor(ids)[:, None]).squeeze(1)
    return float((torch.tensor(logprobs) - expected).abs().max())
