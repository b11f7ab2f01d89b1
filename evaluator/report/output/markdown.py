"""report.md: the same in Markdown, without pictures of single problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evaluator.report.content.parts import Content
from evaluator.report.output.pictures import Picture

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#!~&])")


def markdown(said: Content, drawn: Sequence[Picture], missing: Sequence[str]) -> str:
    """The file's text. Names and reasons are escaped: they may come from a model."""
    parts = [f"# {_text(said.title)}", _table(("", ""), [*said.run]), "## Coverage", _table(("", ""), [*said.coverage])]
    if said.remarks:
        parts += ["## Before the numbers", "\n".join(f"- {_text(remark)}" for remark in said.remarks)]
    parts.append("## Measures")
    for group, lines in said.groups.items():
        rows = [
            (line.label, line.shown, line.interval, line.counts if line.value is not None else line.reason)
            for line in lines
        ]
        parts += [f"### {group}", _table(("measure", "value", "95 %", "of"), rows)]
    for by in said.grouped:
        parts += [f"### By {by.kind}", _table((by.kind, "problems", *by.heads), by.rows)]
    if said.paper is not None:
        paper = said.paper
        rows = [(row.model, f"{row.unit_tests}", f"{row.code}", f"{row.best_of_n}") for row in paper.rows]
        parts += [
            f"## The paper's table: {paper.dataset}",
            _table(("model", "unit tests", "code", "best of n"), [*rows, *paper.ours]),
            _text(" ".join((f"{paper.what}. {paper.source}.", *paper.notes))),
        ]
    parts.append("## Best of n")
    if said.no_grids:
        parts.append(_text(said.no_grids))
    for grid in said.grids:
        heads = ("n", *(f"m = {m}" for m in grid.ms), "95 % of the last", "any right", "share of the gap")
        parts += [
            f"### By {_text(grid.selector)}",
            _table(heads, [(str(n), *values, *rest) for n, values, *rest in grid.rows]),
        ]
        parts.append(f"Monte-Carlo error at most {grid.error:.4f}. {_text(grid.fewer)}".strip())
    parts += ["## Release metrics", "    " + said.release.replace("\n", "\n    ")]
    if said.release_note:
        parts.append(_text(said.release_note))
    for kind, reasons in said.unread.items():
        if reasons:
            counted = [(reason, f"{count:,}") for reason, count in reasons.items()]
            parts += [f"## Why {kind} were not extracted", _table(("reason", kind), counted)]
    parts += ["## Cost and time", _table(("", *said.cost_heads), [(name, *cells) for name, cells in said.cost])]
    parts += [_text(said.cost_note), _table(("", ""), said.times)]
    if drawn:
        parts += ["## Pictures", "\n\n".join(f"![{_text(one.words)}](plots/{one.name}.svg)" for one in drawn)]
    parts += [_text(line) for line in missing]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
