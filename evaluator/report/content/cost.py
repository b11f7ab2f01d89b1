"""Computes the cost of a run: tokens, US dollars where prices are given, time and memory."""

from __future__ import annotations

from cure.plain import visible
from evaluator.report.content.parts import Facts
from evaluator.report.material.material import Material


def cost(material: Material) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...], str]:
    """The table of costs: heads (the roles), rows (a name, and a cell for each role), and a note."""
    heads = tuple(material.settings.roles)
    counts = [material.metrics["samples"][name] for name in heads]
    rows: list[tuple[str, tuple[str, ...]]] = [
        ("answers", tuple(f"{role['samples']:,}" for role in counts)),
        ("prompt tokens", tuple(f"{role['prompt_tokens']:,}" for role in counts)),
        ("completion tokens", tuple(f"{role['completion_tokens']:,}" for role in counts)),
        ("mean tokens of an answer", tuple(_number(role["mean_length"], 1) for role in counts)),
        ("median tokens of an answer", tuple(_number(role["median_length"], 1) for role in counts)),
        ("seconds until the last answer", tuple(_number(role["seconds"], 1) for role in counts)),
    ]
    estimated = sum(role["usage_estimated"] for role in counts)
    notes = [f"Tokens of {estimated:,} answers are estimates."] if estimated else []
    money = material.metrics["cost"]
    rows.append(("US dollars", tuple(_number(money[name]["usd"], 4) for name in heads)))
    notes += [f"No money is shown: {money['reason']}."] if money["usd"] is None else [_shared(material, money["usd"])]
    return heads, tuple(rows), " ".join(visible(note) for note in notes)


def _shared(material: Material, usd: float) -> str:
    """The total cost, and the cost per problem and per solved problem, as a sentence."""
    problems = len(material.problems)
    solved = sum(facts.best or 0.0 for facts in material.problems)
    said = f"US dollars: {usd:.4f} in all"
    said += f", {usd / problems:.6f} a problem" if problems else ""
    said += f", {usd / solved:.6f} a problem solved by the chosen program" if solved else ""
    return f"{said}."


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def times(material: Material) -> Facts:
    """The number of executions, the CPU time of the slowest one, and the memory of the one that took the most."""
    slowest = [facts.slowest_s for facts in material.problems if facts.slowest_s is not None]
    largest = [facts.largest_kb for facts in material.problems if facts.largest_kb]
    said = [("executions", f"{material.metrics['executions']:,}")]
    if slowest:
        said.append(("slowest execution of any program", f"{max(slowest):.3f} s of CPU"))
    if largest:
        said.append(("largest execution", f"{max(largest) / 1024:,.0f} MB"))
    return said
