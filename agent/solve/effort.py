"""Named levels of effort: how many programs, tests, rounds and new inputs, the least gain for which a sample is drawn,
and how probably right an answer has to be."""

from __future__ import annotations

from typing import Any, Literal

Effort = Literal["low", "medium", "high", "max"]

PRESETS: dict[str, dict[str, Any]] = {
    "low": {"n": 4, "m": 4, "rounds": 1, "min_gain": 0.03, "new_inputs": 16, "confident": 0.8},
    "medium": {"n": 8, "m": 8, "rounds": 3, "min_gain": 0.015, "new_inputs": 32, "confident": 0.85},
    "high": {"n": 16, "m": 16, "rounds": 4, "min_gain": 0.0075, "new_inputs": 64, "confident": 0.9},
    "max": {"n": 32, "m": 32, "rounds": 6, "min_gain": 0.0, "new_inputs": 128, "confident": 0.95},
}
"""By level, the values of the settings for which no other value is given; `medium` has the defaults."""


def preset(effort: object) -> dict[str, Any]:
    """The values of a level, by setting; empty for a value that is no level, which the check of the setting refuses."""
    return PRESETS.get(effort, {}) if isinstance(effort, str) else {}


def effort_table() -> str:
    """The levels as a table in Markdown, a line each, as `docs/solve.md` has it."""
    keys = list(PRESETS["medium"])
    lines = [f"| `--effort` | {' | '.join(f'`{key}`' for key in keys)} |", "|---|" + "---|" * len(keys)]
    lines += [f"| `{name}` | {' | '.join(f'{values[key]:g}' for key in keys)} |" for name, values in PRESETS.items()]
    return "\n".join(lines)
