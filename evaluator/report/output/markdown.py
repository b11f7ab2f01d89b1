"""report.md: the report in Markdown, without the details of single problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evaluator.report.content.parts import Content
from evaluator.report.output.pictures import Picture

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#!~&])")


def markdown(content: Content, drawn: Sequence[Picture], missing: Sequence[str]) -> str:
    """The text of report.md. Names and reasons are escaped: they may come from a model."""
    parts = [f"# {_text(content.title)}", _table(("", ""), content.run)]
    parts += ["## Coverage", _table(("", ""), content.coverage)]
    if content.remarks:
        parts += ["## Before the numbers", "\n".join(f"- {_text(remark)}" for remark in content.remarks)]
    parts.append("## Measures")
    for group, lines in content.groups.items():
        rows = [
            (line.label, line.shown, line.interval, line.counts if line.value is not None else line.reason)
            for line in lines
        ]
        parts += [f"### {group}", _table(("measure", "value", "95 %", "of"), rows)]
    for by in content.grouped:
        parts += [f"### By {by.kind}", _table((by.kind, "problems", *by.heads), by.rows)]
    if content.paper is not None:
        paper = content.paper
        rows = [(row.model, f"{row.unit_tests}", f"{row.code}", f"{row.best_of_n}") for row in paper.rows]
        parts += [
            f"## The CURE paper's table: {paper.dataset}",
            _table(("model", "unit tests", "code", "best of n"), [*rows, *paper.of_run]),
            _text(" ".join((f"{paper.what}. {paper.source}.", *paper.notes))),
        ]
    parts.append("## Best of n")
    if content.no_grids:
        parts.append(_text(content.no_grids))
    for grid in content.grids:
        parts += [f"### By {_text(grid.selector)}", _table(grid.heads, grid.cells), _text(grid.note)]
    parts += ["## Release metrics", "    " + content.release.replace("\n", "\n    ")]
    if content.release_note:
        parts.append(_text(content.release_note))
    for kind, reasons in content.unread.items():
        if reasons:
            counted = [(reason, f"{count:,}") for reason, count in reasons.items()]
            parts += [f"## Why {kind} were not extracted", _table(("reason", kind), counted)]
    parts += ["## Cost and time", _table(("", *content.cost_heads), [(name, *cells) for name, cells in content.cost])]
    parts += [_text(content.cost_note), _table(("", ""), content.times)]
    if drawn:
        parts += [
            "## Pictures",
            "\n\n".join(f"![{_text(picture.words)}](plots/{picture.name}.svg)" for picture in drawn),
        ]
    parts += [_text(line) for line in missing]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
