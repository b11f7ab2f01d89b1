"""Shows results of extraction, scoring and comparison as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from evaluator.report.content.measures import grids_of, lines_of
from evaluator.terminal import plain, table

_WIDEST = 48
"""Maximum characters of a text in a table."""
_RATIOS = ("code_acc", "code_accumulate_acc", "ut_acc", "ut_accumulate_acc", "p_01", "p_00")


def extraction_tables(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table]:
    """One table per list of the file."""
    views = {"responses": _responses, "modify": _modified, "test_if_eq": _equal}
    return [views[key](rows) for key, rows in results.items()]


def score_tables(results: Sequence[Mapping[str, Any]]) -> list[Table | Text]:
    """The released numbers of all cases, then the standard ones case by case."""
    released = [result for result in results if "printed" in result]
    tables: list[Table | Text] = [*_released(released)] if released else []
    for index, result in enumerate(results):
        if "standard" in result:
            tables += _standard(result["standard"], _name(result, index))
    return tables


def comparison_tables(result: Mapping[str, Any]) -> list[Table]:
    """A table of differences; of best-of-n only for the most programs and tests, since --json has the others."""
    rows = []
    for row in result["differences"]:
        if not row["headline"] and (row["name"].startswith("best_of_") or row["difference"] is None):
            continue
        name = Text(row["name"], style="bold" if row["headline"] else "")
        numbers = (_number(row["a"]), _number(row["b"]), _signed(row["difference"]))
        p = "-" if row["p"] is None else f"{row['p']:.4f} {row['test']}"
        winner = (row["winner"] or "none") if row["headline"] else ""
        rows.append((name, *numbers, _range(row["low"], row["high"]), p, _number(row["minimum_detectable"]), winner))
    counts = (
        f"{result['problems']} problems in common, {result['only_in_a']} only in A, {result['only_in_b']} only in B"
    )
    winners = "Winners are named for the bold measures, outside the noise only."
    heads = ("measure", "A", "B", "difference", "95 %", "p", "detectable", "winner")
    return [table("B - A", heads, rows, f"A {result['a']}\nB {result['b']}\n{counts}. {winners}")]


def _released(results: Sequence[Mapping[str, Any]]) -> list[Table]:
    """A table of ratios, and a table of best-of-n where there is data for it."""
    ratios, best, reasons = [], [], []
    for index, result in enumerate(results):
        name = _name(result, index)
        printed: Mapping[str, Any] = result["printed"] or {**dict.fromkeys(_RATIOS), "bon": []}
        ratios.append((name, *(_number(printed[ratio]) for ratio in _RATIOS)))
        best += [
            (name, row["n"], row["m"], _number(row["acc"]), _number(row["accumulate_acc"])) for row in printed["bon"]
        ]
        if result["error"]:
            reasons.append(f"{name}: {result['error']}; {result['reason']}")
    tables = [table("release metrics", ("case", *_RATIOS), ratios, "\n".join(reasons))]
    if best:
        tables.append(table("best of n (release)", ("case", "n", "m", "acc", "accumulate_acc"), best))
    return tables


def _standard(result: Mapping[str, Any], name: str) -> list[Table | Text]:
    """Coverage and values, then a grid of best-of-n for each selector."""
    lines = [line for group in lines_of(result["values"]).values() for line in group]
    rows = [(line.name, line.shown, line.interval, line.counts) for line in lines if line.value is not None]
    reasons = "\n".join(f"- {line.name}: {line.reason}" for line in lines if line.value is None)
    return [
        plain("\n".join([f"\n{name}", *_coverage(result)])),
        table("standard metrics", ("measure", "value", "95 %", "of"), rows, reasons),
        *(
            table(f"best of n by {grid.selector}", grid.heads, grid.cells, grid.note)
            for grid in grids_of(result["best_of_n"])
        ),
    ]


def _coverage(result: Mapping[str, Any]) -> list[str]:
    """The amount of data, in sentences."""
    counts, selection = result["coverage"], result["selection"]
    failed = "unknown" if counts["tests_not_extracted"] is None else str(counts["tests_not_extracted"])
    lines = [
        f"{counts['problems']} problems: {counts['with_programs']} with programs, {counts['with_tests']} with tests, "
        f"{counts['with_hidden_tests']} with hidden tests, {counts['with_reference']} with a reference",
        f"{counts['programs']} programs, {counts['programs_not_extracted']} of them not extracted; "
        f"{counts['tests_extracted']} tests extracted, {failed} not; "
        f"{counts['hidden_tests_used']} of {counts['hidden_tests']} hidden tests used ({selection['hidden_tests']})",
    ]
    unknown = counts["unknown_hidden_cells"], counts["unknown_generated_cells"]
    if any(unknown):
        lines.append(
            f"the sandbox failed on {unknown[0]} executions of hidden and {unknown[1]} of generated tests; "
            f"{counts['programs_undecided']} programs cannot be judged"
        )
    return lines


def _responses(results: Sequence[Mapping[str, Any]]) -> Table:
    rows = []
    for index, result in enumerate(results):
        if result["kind"] == "code":
            found = [result["extracted"]]
        else:
            found = result["eval"]["test_input"] + result["eval"]["test_output"]
        shown = " -> ".join(_short(text) for text in found if text is not None)
        remarks = [result["why"]] if result["why"] else [note["words"] for note in result.get("notes", ())]
        rows.append((_name(result, index), result["kind"], shown or "-", " ".join(remarks)))
    extracted = sum(result["reason"] is None for result in results)
    caption = f"{extracted} of {len(results)} extracted"
    return table("responses", ("name", "kind", "extracted", "remarks"), rows, caption)


def _modified(results: Sequence[Mapping[str, Any]]) -> Table:
    rows = [(_short(result["input"]), _short(result["output"])) for result in results]
    return table("modify", ("input", "output"), rows)


def _equal(results: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        (_short(result["output"]), _short(result["expected"]), "yes" if result["equal"] else "no") for result in results
    ]
    return table("test_if_eq", ("output", "expected", "equal"), rows)


def _name(result: Mapping[str, Any], index: int) -> str:
    return str(result["name"]) or f"#{index}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} .. {high:.3f}"


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 3]}..."
