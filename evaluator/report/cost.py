"""What a run cost: tokens, money where prices are given, time and memory."""

from __future__ import annotations

from evaluator.report.material import Material
from evaluator.report.parts import Facts
from evaluator.report.plain import visible
from evaluator.report.problem_line import problem_line


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
    if material.prices is None:
        notes.append("No prices were given, so no money is shown (--prices FILE).")
        return heads, tuple(rows), " ".join(notes)
    money: list[float | None] = []
    for (_, role), one in zip(roles, counts, strict=True):
        price = material.prices.get(role.model)
        money.append(None if price is None else price.of(one["prompt_tokens"], one["completion_tokens"]))
        if price is None:
            notes.append(f"The price table has no {role.model}.")
    rows.append(("US dollars", tuple("–" if spent is None else f"{spent:.4f}" for spent in money)))
    total = sum(spent for spent in money if spent is not None)
    problems = len(material.tables)
    solved = sum(one.best or 0.0 for one in map(problem_line, material.tables))
    if problems and None not in money:
        notes.append(f"US dollars: {total:.4f} in all, {total / problems:.6f} a problem")
        if solved:
            notes[-1] += f", {total / solved:.6f} a problem solved by the chosen program"
        notes[-1] += "."
    return heads, tuple(rows), " ".join(visible(note) for note in notes)


def _tokens(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def times(material: Material) -> Facts:
    slowest = [seconds for table in material.tables for seconds, cells in zip(table.cpu_s, table.cells, strict=True)
               if cells]  # fmt: skip
    largest = [kb for table in material.tables for kb in table.peak_kb if kb]
    facts = [("executions", f"{material.metrics['executions']:,}")]
    if slowest:
        facts.append(("slowest execution of any program", f"{max(slowest):.3f} s of CPU"))
    if largest:
        facts.append(("largest execution", f"{max(largest) / 1024:,.0f} MB"))
    return facts
