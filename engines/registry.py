"""The registry of engines: for each kind, the form of its model specs and the function that opens an engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engines.protocol import Engine

if TYPE_CHECKING:
    from engines.spec import ModelSpec
    from settings.section import Section

Opener = Callable[["ModelSpec", "Sequence[Section]"], Awaitable[Engine]]
"""Opens the engine that a spec names, with the options of its own type among those given
(`engines.options.own_options`). Raises EngineError where the model is unavailable."""


@dataclass(frozen=True)
class Registered:
    """One kind of engine."""

    form: str
    """Form of its model specs, such as `hf:PATH_OR_ID`; begins with the kind and a colon, except for bundled models."""
    opener: str
    """Its Opener as `module:function`; the module is imported when such an engine is opened."""
    trainable: bool = False
    """Whether the engine is a TrainableEngine."""


ENGINES: dict[str, Registered] = {
    "bundled": Registered("micro", "engines.local.open:open_bundled", trainable=True),
    "openai": Registered("openai:NAME", "engines.http.open:open_http"),
    "http": Registered("http://HOST:PORT/v1#NAME", "engines.http.open:open_http"),
    "hf": Registered("hf:PATH_OR_ID", "engines.local.open:open_checkpoint", trainable=True),
    "gguf": Registered("gguf:FILE_OR_REPO[:QUANT]", "engines.gguf.open:open_gguf"),
    "scripted": Registered("scripted:FILE", "engines.scripted:open_scripted"),
    "vllm": Registered("vllm:PATH_OR_ID", "engines.vllm_local.open:open_vllm", trainable=True),
}

BUNDLED = {name: Path(__file__).parent / name for name in ("micro", "micro-base")}
"""The checkpoints of the bundled models, by name."""
