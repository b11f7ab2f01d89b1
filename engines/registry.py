"""The engines there are, a line each: how its model specs are written, and which function opens it."""

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
"""Opens the engine that a spec names. It takes the options object of its own type out of those given
(`engines.options.own_options`), and raises EngineError where the model cannot be had."""


@dataclass(frozen=True)
class Registered:
    """One kind of engine."""

    form: str
    """How its specs are written, such as `hf:PATH_OR_ID`; what stands before the colon is the kind."""
    opener: str
    """Its Opener as `module:function`; the module is imported when such an engine is opened."""
    trainable: bool = False
    """Whether the engine is a TrainableEngine."""


ENGINES: dict[str, Registered] = {
    "bundled": Registered("micro", "engines.local.open:open_bundled", trainable=True),
    "openai": Registered("openai:NAME", "engines.http.open:open_http"),
    "http": Registered("http://HOST:PORT/v1#NAME", "engines.http.open:open_http"),
    "hf": Registered("hf:PATH_OR_ID", "engines.local.open:open_checkpoint", trainable=True),
    "scripted": Registered("scripted:FILE", "engines.scripted:open_scripted"),
    "vllm": Registered("vllm:NAME", "engines.vllm_local.open:open_vllm", trainable=True),
}

BUNDLED = {name: Path(__file__).parent / name for name in ("micro", "micro-base")}
"""The checkpoints of the bundled models, by name."""
