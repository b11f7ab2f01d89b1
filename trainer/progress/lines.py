"""Formats the progress lines that a run prints: one for each step, and one for each evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trainer.record.measure import Metrics


@dataclass(frozen=True)
class Column:
    """One column of the steps' lines."""

    heading: str
    width: int
    rank: int
    """Columns of high rank are left out first where a line is too narrow for all; those of rank 0 always stay."""
    cell: Callable[[Metrics], str]
    """Text of the cell for a step's metrics."""


def columns(width: int | None = None) -> list[Column]:
    """The columns that fit into `width` characters, and those of rank 0 in any case; all columns without a width."""
    if width is None:
        return list(_COLUMNS)
    kept: list[Column] = []
    used = len("step")
    for column in sorted(_COLUMNS, key=lambda column: column.rank):
        if used + 2 + column.width <= width or column.rank == 0:
            kept.append(column)
            used += 2 + column.width
    return [column for column in _COLUMNS if column in kept]


def headings(width: int | None = None) -> str:
    """The headings above the steps' lines. A column marked "c/t" has two values: coder's and tester's."""
    return "  ".join(["step", *(f"{column.heading:>{column.width}}" for column in columns(width))])


def step_line(step: int, metrics: Metrics, width: int | None = None) -> str:
    """A line with a step's main figures, measured on its samples before its updates; a dash for a missing figure."""
    return "  ".join([f"{step:4d}", *(f"{column.cell(metrics):>{column.width}}" for column in columns(width))])


def evaluation_line(step: int, metrics: Metrics, first: Metrics | None = None, width: int | None = None) -> str:
    """A line with an evaluation's figures, each accuracy with its difference from that of `first`.

    The accuracies are always shown; each further figure is left out if the line would be longer than `width` with it.
    """
    accuracies = [
        ("code", "code/accuracy"),
        ("tests", "test/accuracy" if _known(metrics, "eval/test/accuracy") else "test/p_u"),
        ("best", "best_of_n"),
    ]
    words = []
    for word, name in accuracies:
        now, before = metrics.get(f"eval/{name}"), (first or {}).get(f"eval/{name}")
        known = isinstance(now, (int, float)) and isinstance(before, (int, float))
        words.append(f"{word} {_cell(now, 3)}" + (f" ({now - before:+.3f})" if known else ""))  # type: ignore[operator]
    line = f"held out after step {step}: {', '.join(words)}"
    rest = [f"{name} {_cell(metrics.get(f'eval/test/{name}'), 3)}" for name in ("mu", "p_01", "p_00")]
    for figure in (*rest, f"{metrics.get('eval/problems', '-')} problems"):
        if width is None or len(line) + 2 + len(figure) <= width:
            line += f", {figure}"
    return line


def _cell(value: object, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else "-"


def _known(metrics: Metrics, name: str) -> bool:
    return isinstance(metrics.get(name), (int, float))


def _value(name: str) -> Callable[[Metrics], str]:
    return lambda metrics: _cell(metrics.get(name))


def _by_role(what: str, digits: int = 2) -> Callable[[Metrics], str]:
    """Values of coder and tester, such as `0.41/0.36`; with joint updates, values of each joint stage."""

    def cell(metrics: Metrics) -> str:
        names = [f"code/{what}", f"test/{what}"]
        if not any(name in metrics for name in names):
            names = [name for name in metrics if name.startswith("joint") and name.endswith(f"/{what}")]
        return "/".join(_cell(metrics.get(name), digits) for name in names) or "-"

    return cell


def _speed(metrics: Metrics) -> str:
    tokens, seconds = (metrics.get("code/tokens"), metrics.get("test/tokens")), metrics.get("seconds/sampling")
    known = [count for count in tokens if isinstance(count, (int, float))]
    return f"{sum(known) / seconds:.0f}" if known and isinstance(seconds, (int, float)) and seconds > 0 else "-"


def _seconds(metrics: Metrics) -> str:
    """Seconds of the step; `again` for a step repeated from its recorded tables, which has no total time."""
    return _cell(metrics["seconds/step"], 1) if "seconds/step" in metrics else "again"


_COLUMNS = (
    Column("code", 5, 0, _value("code/accuracy")),
    Column("tests", 5, 0, _value("test/p_u")),
    Column("best", 5, 0, _value("best_of_n")),
    Column("p_01", 5, 3, _value("test/p_01")),
    Column("p_00", 5, 3, _value("test/p_00")),
    Column("mu", 5, 1, _value("test/mu")),
    Column("reward c/t", 11, 5, _by_role("reward")),
    Column("trained c/t", 11, 2, _by_role("groups_trained")),
    Column("not extracted c/t", 17, 6, _by_role("unparsed")),
    Column("length c/t", 10, 6, _by_role("length", 0)),
    Column("KL c/t", 11, 2, _by_role("kl", 3)),
    Column("entropy c/t", 11, 2, _by_role("entropy")),
    Column("grad c/t", 10, 4, _by_role("gradient_norm")),
    Column("tok/s", 6, 3, _speed),
    Column("seconds", 7, 0, _seconds),
)
