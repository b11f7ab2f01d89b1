"""Shows results of extraction, scoring and comparison as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from evaluator.datasets.show import plain

_WIDEST = 48


def extraction_tables(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table | Text]:
    """One table per list of the file."""
    titles = {"responses": _responses, "modify": _modify, "test_if_eq": _equal}
    return [titles[key](rows) for key, rows in results.items()]


def score_tables(results: Sequence[Mapping[str, Any]]) -> list[Table | Text]:
    """The released numbers of all cases, then the standard ones case by case."""
    released = [result for result in results if "printed" in result]
    tables: list[Table | Text] = [*_released(released)] if released else []
    for index, result in enumerate(results):
        if "standard" in result:
            tables += _standard(result["standard"], _name(result, index))
    return tables


def comparison_tables(result: Mapping[str, Any]) -> list[Table | Text]:
    """A table of differences; of best-of-n only for the most programs and tests, since --json has the others."""
    table = _table("B - A", "measure", "A", "B", "difference", "95 %", "p", "detectable", "winner")
    for row in result["differences"]:
        if not row["headline"] and (row["name"].startswith("best_of_") or row["difference"] is None):
            continue
        name = Text(row["name"], style="bold" if row["headline"] else "")
        numbers = (_number(row["a"]), _number(row["b"]), _signed(row["difference"]))
        p = "-" if row["p"] is None else f"{row['p']:.4f} {row['test']}"
        winner = (row["winner"] or "none") if row["headline"] else ""
        table.add_row(name, *numbers, _range(row["low"], row["high"]), p, _number(row["minimum_detectable"]), winner)
    counts = (
        f"{result['problems']} problems in common, {result['only_in_a']} only in A, {result['only_in_b']} only in B"
    )
    winners = "Winners are named for the bold measures, outside the noise only."
    table.caption = plain(f"A {result['a']}\nB {result['b']}\n{counts}. {winners}")
    return [table]


def _released(results: Sequence[Mapping[str, Any]]) -> list[Table]:
    """A table of ratios, and a table of best-of-n where there is data for it."""
    ratios = ("code_acc", "code_accumulate_acc", "ut_acc", "ut_accumulate_acc", "p_01", "p_00")
    table = _table("release metrics", "case", *ratios)
    best = _table("best of n (release)", "case", "n", "m", "acc", "accumulate_acc")
    for index, result in enumerate(results):
        printed: Mapping[str, Any] = result["printed"] or {**dict.fromkeys(ratios), "bon": []}
        table.add_row(plain(_name(result, index)), *(_number(printed[ratio]) for ratio in ratios))
        for row in printed["bon"]:
            accuracies = (_number(row["acc"]), _number(row["accumulate_acc"]))
            best.add_row(plain(_name(result, index)), str(row["n"]), str(row["m"]), *accuracies)
    table.caption = _caption(results)
    return [table, best] if best.row_count else [table]


def _standard(result: Mapping[str, Any], name: str) -> list[Table | Text]:
    """Coverage and values, then a grid of best-of-n for each selector."""
    coverage = plain("\n".join([f"\n{name}", *_coverage(result)]))
    table = _table("standard metrics", "measure", "value", "95 %", "of", "problems")
    reasons = []
    for key, row in result["values"].items():
        if row["value"] is None:
            reasons.append(f"{key}: {row['reason']}")
            continue
        interval = row["interval"]
        method = f" {interval['method']}" if interval["method"] == "wilson" else ""
        counts = f"{_count(row['numerator'])} / {_count(row['denominator'])}" if key != "mu" else ""
        limits = _range(interval["low"], interval["high"]) + method
        table.add_row(plain(key), _number(row["value"]), limits, counts, str(row["problems"]))
    table.caption = plain("\n".join(f"- {reason}" for reason in reasons))
    grids: dict[str, list[Mapping[str, Any]]] = {}
    for point in result["best_of_n"]:
        grids.setdefault(point["selector"], []).append(point)
    return [
        coverage,
        table,
        *(_grid(selector, points) for selector, points in grids.items() if points[0]["best"]["problems"]),
    ]


def _coverage(result: Mapping[str, Any]) -> list[str]:
    """The amount of data, in sentences."""
    seen, selection = result["coverage"], result["selection"]
    failed = "unknown" if seen["tests_not_extracted"] is None else str(seen["tests_not_extracted"])
    lines = [
        f"{seen['problems']} problems: {seen['with_programs']} with programs, {seen['with_tests']} with tests, "
        f"{seen['with_hidden_tests']} with hidden tests, {seen['with_reference']} with a reference",
        f"{seen['programs']} programs, {seen['programs_not_extracted']} of them not extracted; "
        f"{seen['tests_extracted']} tests extracted, {failed} not; "
        f"{seen['hidden_tests_used']} of {seen['hidden_tests']} hidden tests used ({selection['hidden_tests']})",
    ]
    unknown = seen["unknown_hidden_cells"], seen["unknown_generated_cells"]
    if any(unknown):
        lines.append(
            f"the sandbox failed on {unknown[0]} executions of hidden and {unknown[1]} of generated tests; "
            f"{seen['programs_undecided']} programs cannot be judged"
        )
    return lines


def _grid(selector: str, points: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each n, a column for each m: expectation, interval, and the value of an oracle."""
    ms = list(dict.fromkeys(point["m"] for point in points))
    table = _table(plain(f"best of n by {selector}"), "n \\ m", *map(str, ms), "95 % (last)", "oracle", "of the gap")
    for n in dict.fromkeys(point["n"] for point in points):
        row = [point for point in points if point["n"] == n]
        last = row[-1]
        interval = last["best"]["interval"]
        cells = (_number(point["best"]["value"]) for point in row)
        limits = _range(interval["low"], interval["high"])
        table.add_row(str(n), *cells, limits, _number(last["oracle"]), _number(last["share_of_gap"]["value"]))
    errors = max(point["monte_carlo_error"] for point in points)
    short = points[-1]
    table.caption = plain(
        f"Monte-Carlo error at most {errors:.4f}; {short['fewer_programs']} problems have fewer than {short['n']} "
        f"programs and {short['fewer_tests']} fewer than {short['m']} tests, and use all"
    )
    return table


def _responses(results: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("responses", "name", "kind", "extracted", "remarks")
    for index, result in enumerate(results):
        if result["kind"] == "code":
            found = [result["extracted"]]
        else:
            found = result["eval"]["test_input"] + result["eval"]["test_output"]
        shown = " -> ".join(_short(text) for text in found if text is not None)
        remarks = [result["why"]] if result["why"] else [note["words"] for note in result.get("notes", ())]
        table.add_row(plain(_name(result, index)), result["kind"], plain(shown or "-"), plain(" ".join(remarks)))
    failed = sum(result["reason"] is not None for result in results)
    table.caption = f"{len(results) - failed} of {len(results)} extracted"
    return table


def _modify(results: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("modify", "input", "output")
    for result in results:
        table.add_row(plain(_short(result["input"])), plain(_short(result["output"])))
    return table


def _equal(results: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("test_if_eq", "output", "expected", "equal")
    for result in results:
        equal = "yes" if result["equal"] else "no"
        table.add_row(plain(_short(result["output"])), plain(_short(result["expected"])), equal)
    return table


def _table(title: str | Text, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _name(result: Mapping[str, Any], index: int) -> str:
    return str(result["name"]) or f"#{index}"


def _caption(results: Sequence[Mapping[str, Any]]) -> Text | None:
    reasons = [f"{_name(r, i)}: {r['error']}; {r['reason']}" for i, r in enumerate(results) if r["error"]]
    return plain("\n".join(reasons)) if reasons else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def _range(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} .. {high:.3f}"


def _count(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 3]}..."
