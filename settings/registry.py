"""The sections of the configuration files, a line each: their names and the models that declare them.

Models are imported by name when they are needed, so that this package depends on no other.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings.resolve import Resolved
    from settings.section import Section

SECTIONS = {
    "solve": "agent.solve.settings:SolveOptions",
    "change": "agent.repository.settings:ChangeOptions",
    "resume": "agent.solve.settings:ResumeOptions",
    "compare": "agent.compare.settings:CompareOptions",
    "eval": "evaluator.run.settings:EvalOptions",
    "tui": "tui.settings:TuiOptions",
    "serve": "engines.serve.settings:ServeOptions",
    "http": "engines.http.options:HttpOptions",
    "local": "engines.local.options:LocalOptions",
    "gguf": "engines.gguf.options:GgufOptions",
    "vllm": "engines.vllm_local.options:VllmOptions",
}
TRAINING = "trainer.config:Config"
"""The model of a training run's configuration, which is a file of its own."""
LOAD_TRAINING = "trainer.config:load_with_origins"
"""The function that resolves a training run's configuration from a preset or file and assignments KEY=VALUE."""
ENGINES = ("http", "local", "gguf", "vllm")
"""Sections of engines: every command that asks models reads them beside its own."""


def section(name: str) -> type[Section]:
    """The model of a section."""
    model: type[Section] = resolve_name(SECTIONS[name])
    return model


def training() -> type[Section]:
    """The model of a training run's configuration."""
    model: type[Section] = resolve_name(TRAINING)
    return model


def load_training(target: str, overrides: Sequence[str]) -> Resolved[Section]:
    """A training run's configuration, and where each value was given.

    `target` is a preset's name or a file's path, `overrides` are assignments KEY=VALUE. Raises TrainerError where there
    is no such preset or file, or the configuration is invalid.
    """
    found: Resolved[Section] = resolve_name(LOAD_TRAINING)(target, overrides)
    return found
