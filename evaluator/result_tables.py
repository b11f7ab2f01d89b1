"""Results of extraction and scoring as tables for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDEST = 48


def show(tables: Iterable[Table]) -> None:
    """Print the tables to standard output."""
    console = Console()
    for table in tables:
        console.print(table)


def extraction_tables(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table]:
    """One table per list of the file."""
    titles = {"responses": _responses, "modify": _modify, "test_if_eq": _equal}
    return [titles[key](rows) for key, rows in results.items()]


def score_tables(results: Sequence[Mapping[str, Any]]) -> list[Table]:
    """One table of ratios, and one of best-of-n where there is any."""
    ratios = ("code_acc", "code_accumulate_acc", "ut_acc", "ut_accumulate_acc", "p_01", "p_00")
    table = _table("release metrics", "case", *ratios)
    for index, result in enumerate(results):
        table.add_row(_cell(_name(result, index)), *(_number(result["printed"][ratio]) for ratio in ratios))
    best = _table("best of n", "case", "n", "m", "acc", "accumulate_acc")
    for index, result in enumerate(results):
        for row in result["printed"]["bon"]:
            accuracies = (_number(row["acc"]), _number(row["accumulate_acc"]))
            best.add_row(_cell(_name(result, index)), str(row["n"]), str(row["m"]), *accuracies)
    table.caption = _caption(results)
    return [table, best] if best.row_count else [table]


def _responses(results: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("responses", "name", "kind", "extracted", "remarks")
    for index, result in enumerate(results):
        if result["kind"] == "code":
            found = [result["extracted"]]
        else:
            found = result["eval"]["test_input"] + result["eval"]["test_output"]
        shown = " -> ".join(_short(text) for text in found if text is not None)
        remarks = [result["why"]] if result["why"] else [note["words"] for note in result.get("notes", ())]
        table.add_row(_cell(_name(result, index)), result["kind"], _cell(shown or "-"), _cell(" ".join(remarks)))
    failed = sum(result["reason"] is not None for result in results)
    table.caption = f"{len(results) - failed} of {len(results)} extracted"
    return table


def _modify(results: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("modify", "input", "output")
    for result in results:
        table.add_row(_cell(_short(result["input"])), _cell(_short(result["output"])))
    return table


def _equal(results: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("test_if_eq", "output", "expected", "equal")
    for result in results:
        equal = "yes" if result["equal"] else "no"
        table.add_row(_cell(_short(result["output"])), _cell(_short(result["expected"])), equal)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _name(result: Mapping[str, Any], index: int) -> str:
    return str(result["name"]) or f"#{index}"


def _caption(results: Sequence[Mapping[str, Any]]) -> Text | None:
    reasons = [f"{_name(r, i)}: {r['error']}; {r['reason']}" for i, r in enumerate(results) if r["error"]]
    return _cell("\n".join(reasons)) if reasons else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 3]}..."


def _cell(text: str) -> Text:
    """Plain text: nothing in it is markup, and what no terminal can print is escaped."""
    return Text(text.encode("utf-8", "backslashreplace").decode())
