"""What a person sees while a run goes on: the phase of the step with its progress, and a line for every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Task as Bar
from rich.text import Text

from trainer.record.measure import Metrics
from trainer.rollout.sampling import Event
from trainer.rollout.tasks import Task

ROLLING_OUT = "answers and tables"


class Show(Protocol):
    """Told what the loop is doing."""

    def phase(self, name: str, total: int) -> None:
        """A phase begins, on `total` answers."""

    def progress(self, done: int, total: int) -> None:
        """So many of so many parts of the phase are done, such as rows of an update."""

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = ROLLING_OUT) -> None:
        """Answers to these tasks are being sampled and run."""

    def running(self, tables: int) -> None:
        """Answers that were sampled before are being run."""

    def event(self, event: Event) -> None:
        """Something of a roll-out is done."""

    def step(self, step: int, metrics: Metrics) -> None:
        """A step is committed."""

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """An evaluation is done."""


def counter(show: Show, total: int) -> Callable[[], None]:
    """What moves the phase's bar on by one of `total` parts each time it is called."""
    done = count(1)
    return lambda: show.progress(next(done), total)


class Silent:
    """Shows nothing: for processes other than the first, and for tests."""

    def phase(self, name: str, total: int) -> None:
        pass

    def progress(self, done: int, total: int) -> None:
        pass

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = ROLLING_OUT) -> None:
        pass

    def running(self, tables: int) -> None:
        pass

    def event(self, event: Event) -> None:
        pass

    def step(self, step: int, metrics: Metrics) -> None:
        pass

    def evaluation(self, step: int, metrics: Metrics) -> None:
        pass


class Terminal:
    """Bars on stderr, and lines that stay: one for each step, one for each evaluation.

    Where stderr is no terminal there are the lines alone, with all their columns.
    """

    def __init__(self, steps: int, done: int, console: Console | None = None, bars: bool | None = None) -> None:
        """`console` and `bars` are for pictures and tests; without them stderr decides."""
        self.console = Console(stderr=True, highlight=False) if console is None else console
        self._has_bars = _is_terminal(self.console) if bars is None else bars
        columns = (
            TextColumn("{task.description:<18}", markup=False),
            BarColumn(bar_width=30 if self.console.width >= 100 else 16),
            _Count(),
            TimeElapsedColumn(),
            _Left(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
        )
        # A step may take an hour: the speed is that of the last steps, however long ago they were.
        self._bars = Progress(
            *columns, console=self.console, disable=not self._has_bars, speed_estimate_period=24 * 3600
        )
        self._run = self._bars.add_task("steps", total=steps, completed=done, note="", of="", left=True)
        self._done = done
        self._rows: dict[str, TaskID] = {}
        """Bars of the phase, by what they count."""
        self._tokens = 0
        self._lines = 0
        self._first: Metrics | None = None
        self._note_step()

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        self._bars.stop()

    def phase(self, name: str, total: int) -> None:
        """A bar for the phase below that of the run: it only moves to and fro until there is word of progress."""
        self._clear()
        self._add("parts", name, None, f"{total:,} answer{'' if total == 1 else 's'}")

    def progress(self, done: int, total: int) -> None:
        """Move the bar of the phase."""
        if (row := self._rows.get("parts")) is not None:
            self._bars.update(row, completed=done, total=total)

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = ROLLING_OUT) -> None:
        """A bar that counts answers, with the tokens beside it, and one that counts tables."""
        self._clear()
        self._tokens = 0
        before = "" if name == ROLLING_OUT else f"{name}: "
        self._add("answer", f"{before}answers", len(tasks) * answers_each)
        self._add("table", f"{before}tables", len(tasks))

    def running(self, tables: int) -> None:
        """A bar that counts tables."""
        self._clear()
        self._add("table", "tables", tables)

    def event(self, event: Event) -> None:
        """Move the bar of what is done."""
        row = self._rows.get(event.kind)
        if row is None:
            return
        self._bars.update(row, advance=1)
        if event.kind == "answer":
            self._tokens += event.tokens
            seconds = self._bars.tasks[self._bars.task_ids.index(row)].elapsed if self._has_bars else None
            speed = f", {self._tokens / seconds:,.0f} a second" if seconds and seconds > 1 else ""
            self._bars.update(row, note=f"{self._tokens:,} tokens{speed}")

    def step(self, step: int, metrics: Metrics) -> None:
        """Print the step's line, under its headings now and then."""
        self._clear()
        self._done = step
        self._bars.update(self._run, completed=step)
        self._note_step()
        if self._lines % 20 == 0:
            self._print(headings(self._width), "dim")
        self._lines += 1
        self._print(step_line(step, metrics, self._width))

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """Print the figures, and how far they are from the first ones shown."""
        self._clear()
        self._print(evaluation_line(step, metrics, self._first, self._width), "cyan")
        self._first = self._first or metrics

    @property
    def _width(self) -> int | None:
        """Of a line; None where lines are not shown but kept."""
        return self.console.width if self._has_bars else None

    def _add(self, kind: str, name: str, total: int | None, of: str = "") -> None:
        self._rows[kind] = self._bars.add_task(name, total=total or None, note="", of=of, left=False)

    def _clear(self) -> None:
        for row in self._rows.values():
            self._bars.remove_task(row)
        self._rows.clear()

    def _note_step(self) -> None:
        self._bars.update(self._run, note=f"step {self._done + 1}")

    def _print(self, line: str, style: str = "") -> None:
        self.console.print(Text(line, style=style), soft_wrap=True)


class _Count(ProgressColumn):
    """How many of how many; before that is known, on how many answers."""

    def render(self, task: Bar) -> Text:
        if task.total is None:
            return Text(task.fields["of"], style="progress.download")
        total = f"{int(task.total):,}"
        return Text(f"{int(task.completed):>{len(total)},}/{total}", style="progress.download")


class _Left(ProgressColumn):
    """The time that is left, for the whole run only."""

    def render(self, task: Bar) -> Text:
        if not task.fields["left"] or task.time_remaining is None or task.finished:
            return Text("")
        return Text(f"{timedelta(seconds=round(task.time_remaining))} left", style="progress.remaining")


def _is_terminal(console: Console) -> bool:
    """Whether bars can be redrawn there; colours may be forced where they cannot."""
    return console.file.isatty() and not console.is_dumb_terminal


@dataclass(frozen=True)
class Column:
    """One column of the steps' lines."""

    heading: str
    width: int
    rank: int
    """Columns of the lowest ranks stay where there is no room for all."""
    cell: Callable[[Metrics], str]


def columns(width: int | None = None) -> list[Column]:
    """The columns that have room in a width, all of them without one."""
    if width is None:
        return list(_COLUMNS)
    kept: list[Column] = []
    used = len("step")
    for column in sorted(_COLUMNS, key=lambda one: one.rank):
        if used + 2 + column.width <= width or column.rank == 0:
            kept.append(column)
            used += 2 + column.width
    return [column for column in _COLUMNS if column in kept]


def headings(width: int | None = None) -> str:
    """The line above the steps' lines; c/t: of the coder and the tester."""
    return "  ".join(["step", *(f"{column.heading:>{column.width}}" for column in columns(width))])


def step_line(step: int, metrics: Metrics, width: int | None = None) -> str:
    """One line with a step's main figures: of the step's own samples, before its updates. What is missing is a dash."""
    return "  ".join([f"{step:4d}", *(f"{column.cell(metrics):>{column.width}}" for column in columns(width))])


def evaluation_line(step: int, metrics: Metrics, first: Metrics | None = None, width: int | None = None) -> str:
    """One line with an evaluation's figures, and how far the accuracies are from those of `first`.

    Where a width has no room for all, the figures named last are left out; the accuracies stay.
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
    for more in (*rest, f"{metrics.get('eval/problems', '-')} problems"):
        if width is None or len(line) + 2 + len(more) <= width:
            line += f", {more}"
    return line


def _cell(value: object, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else "-"


def _known(metrics: Metrics, name: str) -> bool:
    return isinstance(metrics.get(name), (int, float))


def _one(name: str) -> Callable[[Metrics], str]:
    return lambda metrics: _cell(metrics.get(name))


def _both(what: str, digits: int = 2) -> Callable[[Metrics], str]:
    """A measure of both roles; of the stages instead where code and tests are trained on at once."""

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
    """A step made again from its record has no time of its own."""
    return _cell(metrics["seconds/step"], 1) if "seconds/step" in metrics else "again"


_COLUMNS = (
    Column("code", 5, 0, _one("code/accuracy")),
    Column("tests", 5, 0, _one("test/p_u")),
    Column("best", 5, 0, _one("best_of_n")),
    Column("p_01", 5, 3, _one("test/p_01")),
    Column("p_00", 5, 3, _one("test/p_00")),
    Column("mu", 5, 1, _one("test/mu")),
    Column("reward c/t", 11, 5, _both("reward")),
    Column("trained c/t", 11, 2, _both("groups_trained")),
    Column("unread c/t", 10, 6, _both("unparsed")),
    Column("length c/t", 10, 6, _both("length", 0)),
    Column("KL c/t", 11, 2, _both("kl", 3)),
    Column("entropy c/t", 11, 2, _both("entropy")),
    Column("grad c/t", 10, 4, _both("gradient_norm")),
    Column("tok/s", 6, 3, _speed),
    Column("seconds", 7, 0, _seconds),
)
