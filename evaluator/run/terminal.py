"""Prints the main metrics of a run to the terminal, with their intervals."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluator.run.directory import RunDirectory

ROWS = (
    ("code accuracy", "code_accuracy_macro"),
    ("test accuracy, reference, failures counted", "ut_accuracy_reference_requested"),
    ("test accuracy, estimate of the release", "ut_accuracy_estimate_extracted"),
    ("p_01", "p_01"),
    ("p_00", "p_00"),
    ("mu", "mu"),
)

GROUP_ROWS = {
    "code_accuracy_macro": "code",
    "ut_accuracy_reference_requested": "tests",
    "ut_accuracy_estimate_extracted": "tests, estimate",
    "best_of_n": "best of n",
}


def show_metrics(directory: RunDirectory, metrics: dict[str, Any]) -> None:
    """Print coverage, the main ratios with their intervals, and best-of-n."""
    console = Console()
    said = metrics["standard"]
    covered = said["coverage"]
    reference = metrics["reference"]
    rate = (
        "no reference solutions"
        if reference["pass_rate"] is None
        else f"{reference['pass_rate']:.1%} of references pass"
    )
    console.print(
        f"{covered['problems']} problems, {covered['programs']} programs ({covered['programs_not_extracted']} not "
        f"extracted), {covered['tests_extracted']} tests extracted of {covered['tests_requested']}; {rate}"
    )
    for line in (_given_up(metrics["given_up"]), _cost(metrics["cost"])):
        if line:
            console.print(line)
    table = Table("", "value", "95 %", "of", title="standard", title_justify="left")
    for words, name in ROWS:
        if name in said["values"]:
            table.add_row(words, *_cells(said["values"][name]))
    console.print(table)
    grid = [point for point in said["best_of_n"] if point["n"] > 1 and point["m"] > 0]
    if grid:
        last = [point for point in grid if (point["n"], point["m"]) == (grid[-1]["n"], grid[-1]["m"])]
        best = Table("selector", "n", "m", "best of n", "95 %", "any right", title="best of n", title_justify="left")
        for point in last:
            value, interval, _ = _cells(point["best"])
            oracle = "-" if point["oracle"] is None else f"{point['oracle']:.3f}"
            best.add_row(point["selector"], str(point["n"]), str(point["m"]), value, interval, oracle)
        console.print(best)
    for kind, groups in metrics["groups"].items():
        console.print(_by(kind, groups))
    console.print(str(directory.path / "report.html"), soft_wrap=True)


def _given_up(counts: dict[str, Any]) -> str:
    if not counts["cells"]:
        return ""
    return (
        f"programs given up after time-outs: {counts['programs']} (after {counts['after']} each); {counts['cells']} of "
        f"{counts['of_cells']} executions ({counts['share']:.1%}) not run, which count as not passed"
    )


def _cost(cost: dict[str, Any]) -> str:
    return f"{cost['usd']:.4f} US dollars" if cost["usd"] else ""


def _by(kind: str, groups: dict[str, Any]) -> Table:
    table = Table(kind, "problems", *GROUP_ROWS.values(), title=f"by {kind}", title_justify="left")
    for name, group in groups.items():
        values = [group["values"].get(measure) for measure in GROUP_ROWS]
        cells = ["-" if scored is None else _short(scored) for scored in values]
        table.add_row(Text(name), str(group["problems"]), *cells)
    return table


def _short(scored: dict[str, Any]) -> str:
    value, spread, _ = _cells(scored)
    return f"{value} ({spread})" if value != "-" and spread else value


def _cells(scored: dict[str, Any]) -> tuple[str, str, str]:
    if scored["value"] is None:
        return "-", scored["reason"], ""
    interval = scored.get("interval") or {}
    low, high = interval.get("low"), interval.get("high")
    spread = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
    return f"{scored['value']:.3f}", spread, f"{scored['problems']} problems"
