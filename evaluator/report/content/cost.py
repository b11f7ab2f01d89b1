"""What a run cost: tokens, money where prices are given, time and memory."""

from __future__ import annotations

from cure.plain import visible
from evaluator.report.content.parts import Facts
from evaluator.report.material.material import Material


def cost(material: Material) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], str]:
    """Heads, rows and a note of the table of costs."""
    roles = material.roles
    counts = [material.metrics["samples"][name] for name, _ in roles]
    heads = tuple(name for name, _ in roles)
    rows: list[tuple[str, tuple[str, ...]]] = [
        ("answers", tuple(f"{one['samples']:,}" for one in counts)),
        ("prompt tokens", tuple(f"{one['prompt_tokens']:,}" for one in counts)),
        ("completion tokens", tuple(f"{one['completion_tokens']:,}" for one in counts)),
        ("mean length", tuple(_tokens(one["mean_length"]) for one in counts)),
        ("median length", tuple(_tokens(one["median_length"]) for one in counts)),
        ("seconds until the last answer", tuple(_seconds(one["seconds"]) for one in counts)),
    ]
    estimated = sum(one["usage_estimated"] for one in counts)
    notes = [f"Tokens of {estimated:,} answers are estimates."] if estimated else []
    spent = material.metrics["cost"]
    rows.append(("US dollars", tuple(_dollars(spent[name]["usd"]) for name in heads)))
    notes += [f"No money is shown: {spent['reason']}."] if spent["usd"] is None else [_shared(material, spent["usd"])]
    return heads, tuple(rows), " ".join(visible(note) for note in notes)


def _shared(material: Material, usd: float) -> str:
    """What a problem cost, and one that was solved."""
    problems = len(material.problems)
    solved = sum(facts.line.best or 0.0 for facts in material.problems)
    said = f"US dollars: {usd:.4f} in all"
    said += f", {usd / problems:.6f} a problem" if problems else ""
    said += f", {usd / solved:.6f} a problem solved by the chosen program" if solved else ""
    return f"{said}."


def _dollars(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _tokens(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def times(material: Material) -> Facts:
    slowest = [facts.slowest_s for facts in material.problems if facts.slowest_s is not None]
    largest = [facts.largest_kb for facts in material.problems if facts.largest_kb]
    said = [("executions", f"{material.metrics['executions']:,}")]
    if slowest:
        said.append(("slowest execution of any program", f"{max(slowest):.3f} s of CPU"))
    if largest:
        said.append(("largest execution", f"{max(largest) / 1024:,.0f} MB"))
    return said
