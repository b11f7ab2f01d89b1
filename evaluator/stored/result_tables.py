"""Shows results of extraction, scoring and comparison as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from evaluator.report.content.labels import grouped
from evaluator.report.content.measures import grids_of, lines_of, number, on_whole_grid
from evaluator.terminal import plain, table

_WIDE = 100
"""Minimum width of a terminal, in characters, for all columns of a comparison."""
_NO_VALUE = {"b": None}
_WIDEST = 48
"""Maximum characters of a text in a table."""
_RATIOS = ("code_acc", "code_accumulate_acc", "ut_acc", "ut_accumulate_acc", "p_01", "p_00")


def extraction_tables(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table]:
    """One table for each list of results: `responses`, `modify`, `test_if_eq`."""
    views = {"responses": _responses, "modify": _modified, "test_if_eq": _equal}
    return [views[key](rows) for key, rows in results.items()]


def score_tables(results: Sequence[Mapping[str, Any]]) -> list[Table | Text]:
    """Tables of the release metrics of all cases, then of the standard metrics, case by case."""
    released = [result for result in results if "printed" in result]
    tables: list[Table | Text] = [*_released(released)] if released else []
    for index, result in enumerate(results):
        if "standard" in result:
            tables += _standard(result["standard"], _name(result, index), result["lacks"])
    return tables


def comparison_tables(results: Sequence[Mapping[str, Any]], width: int) -> list[Table | Text]:
    """The list of runs, a table of their values if there are more than two runs, and a table of differences for each
    comparison.

    In a terminal of less than 100 columns, the name of the significance test and the detectable difference are left
    out.
    """
    first = results[0]
    letters = [chr(ord("A") + number) for number in range(len(results) + 1)]
    paths = [first["a"], *(result["b"] for result in results)]
    tables: list[Table | Text] = [
        plain("\n".join(f"{letter}  {path}" for letter, path in zip(letters, paths, strict=True)))
    ]
    if len(results) > 1:
        by_name = [{row["name"]: row for row in result["differences"]} for result in results]
        rows = [
            (_label(name), number(row["a"]), *(number(of.get(name, _NO_VALUE)["b"]) for of in by_name))
            for name, row in by_name[0].items()
            if row["headline"]
        ]
        tables.append(table(f"values on {first['problems']} problems", ("measure", *letters), rows))
    for letter, result in zip(letters[1:], results, strict=True):
        tables += [_differences(result, letter, len(results) == 1, width), plain(_caption(result, letter))]
    return tables


def _differences(result: Mapping[str, Any], letter: str, every: bool, width: int) -> Table:
    """The differences of one comparison.

    Headline measures are always shown. With `every`, so are the other measures that have a difference, except
    best-of-n.
    """
    wide = width >= _WIDE
    rows = []
    for row in result["differences"]:
        if not row["headline"] and (not every or row["name"].startswith("best_of_") or row["difference"] is None):
            continue
        winner = {"A": "A", "B": letter, None: "none" if result["equal_coverage"] else "–"}[row["winner"]]
        p = "–" if row["p"] is None else "<.0001" if row["p"] < 0.0001 else f"{row['p']:.4f}"
        rows.append(
            (
                Text(_label(row["name"]), style="bold" if row["headline"] else ""),
                *(number(row[run]) for run in ("a", "b")),
                "–" if row["difference"] is None else f"{row['difference']:+.3f}",
                "–" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}",
                *([p, row["test"], number(row["minimum_detectable"])] if wide else [p]),
                winner if row["headline"] else "",
            )
        )
    heads = ("measure", "A", letter, "diff.", "95 %", *(("p", "test", "detectable") if wide else ("p",)), "winner")
    return table(f"{letter} - A", heads, rows, only_first_wraps=True)


def _caption(result: Mapping[str, Any], letter: str) -> str:
    only = f"{result['only_in_a']} only in A, {result['only_in_b']} only in {letter}"
    lacks = f"A lacks {result['lacks_a'] or 'nothing'}, {letter} lacks {result['lacks_b'] or 'nothing'}"
    why = (
        "Winners are named for the bold measures only, where the difference is significant."
        if result["equal_coverage"]
        else f"No winner is named, because coverage differs: {lacks}."
    )
    return f"{result['problems']} problems in common, {only}.\n{why}"


def _label(name: str) -> str:
    """The label of a measure, or of a best-of-n such as `best_of_4_by_8 max-pass`."""
    if name.startswith("best_of_"):
        return name.replace("_", " ")
    return next(words[0] for group in grouped([name]).values() for words in group.values())


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


def _standard(result: Mapping[str, Any], name: str, lacks: str) -> list[Table | Text]:
    """Coverage, values, best-of-n by each selector with the most programs and tests, and a grid of best-of-n by each
    selector that has data for every n and m.
    """
    lines = [line for group in lines_of(result["values"]).values() for line in group]
    rows = [(line.name, line.shown, line.interval, line.counts) for line in lines if line.value is not None]
    reasons = "\n".join(f"- {line.name}: {line.reason}" for line in lines if line.value is None)
    grids = grids_of(result["best_of_n"])
    last = [(grid.selector, grid.rows[-1], grid.ms[-1]) for grid in grids]
    heads = ("selector", "n", "m", "best of n", "95 %", "any right")
    best = [(selector, row.n, m, row.values[-1], row.interval, row.oracle) for selector, row, m in last]
    return [
        plain("\n".join([f"\n{name}", *_coverage(result, lacks)])),
        table("standard metrics", ("measure", "value", "95 %", "of"), rows, reasons),
        *([table("best of n by every selector", heads, best)] if best else []),
        *(
            table(f"best of n by {grid.selector}", grid.heads, grid.cells, grid.note)
            for grid in grids
            if on_whole_grid(grid.selector)
        ),
    ]


def _coverage(result: Mapping[str, Any], lacks: str) -> list[str]:
    """The amount of data, in sentences."""
    counts, selection = result["coverage"], result["selection"]
    failed = "unknown" if counts["tests_not_extracted"] is None else str(counts["tests_not_extracted"])
    lines = [f"incomplete, without {lacks}: all values cover only what the run has"] if lacks else []
    lines += [
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


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 3]}..."
