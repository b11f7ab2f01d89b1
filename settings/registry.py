"""The sections of the configuration files, a line each: their names and the models that declare them.

Models are imported by name when they are wanted; this room imports none of the others.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings.section import Section

SECTIONS = {
    "solve": "agent.solve.settings:SolveOptions",
    "resume": "agent.solve.settings:ResumeOptions",
    "eval": "evaluator.run.settings:EvalOptions",
    "serve": "engines.serve.settings:ServeOptions",
    "http": "engines.http.options:HttpOptions",
    "local": "engines.local.options:LocalOptions",
    "vllm": "engines.vllm_local.options:VllmOptions",
}
ENGINES = ("http", "local", "vllm")
"""Sections of engines: every command that asks models reads them beside its own."""


def section(name: str) -> type[Section]:
    """The model of a section."""
    model: type[Section] = resolve_name(SECTIONS[name])
    return model
