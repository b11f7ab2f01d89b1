"""Progress on a terminal: a bar for the run, bars for the current phase, and a line for each step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.progress import Task as Bar
from rich.text import Text

from trainer.progress.lines import evaluation_line, headings, step_line
from trainer.progress.progress import ROLLING_OUT, Progress
from trainer.record.measure import Metrics
from trainer.rollout.sampling import RolloutEvent
from trainer.rollout.tasks import Task


class TerminalProgress(Progress):
    """Shows bars on stderr, and prints a line for each step and each evaluation.

    Where stderr is not a terminal only the lines are printed, with all their columns.
    """

    def __init__(self, steps: int, done: int, console: Console | None = None, bars: bool | None = None) -> None:
        """A display of a run of `steps` steps, `done` of them committed. `console` and `bars` are for tests."""
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
        # A step may take an hour, so the speed is estimated over a day.
        self._bars = Bars(*columns, console=self.console, disable=not self._has_bars, speed_estimate_period=24 * 3600)
        self._run = self._bars.add_task("steps", total=steps, completed=done, note="", of="", left=True)
        self._done = done
        self._rows: dict[str, TaskID] = {}
        """Task ids of the current phase's bars, by event kind."""
        self._tokens = 0
        self._lines = 0
        self._first: Metrics | None = None
        self._note_step()

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        self._bars.stop()

    def phase(self, name: str, answers: int) -> None:
        """Show a bar for the phase; it pulses until the first part is done."""
        self._clear()
        self._add("parts", name, None, f"{answers:,} answer{'' if answers == 1 else 's'}")

    def part(self, done: int, total: int) -> None:
        """Move the bar of the phase."""
        if (row := self._rows.get("parts")) is not None:
            self._bars.update(row, completed=done, total=total)

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = ROLLING_OUT) -> None:
        """Show a bar that counts answers, with tokens beside it, and a bar that counts tables."""
        self._clear()
        self._tokens = 0
        before = "" if name == ROLLING_OUT else f"{name}: "
        self._add("answer", f"{before}answers", len(tasks) * answers_each)
        self._add("table", f"{before}tables", len(tasks))

    def running(self, tables: int) -> None:
        """Show a bar that counts tables."""
        self._clear()
        self._add("table", "tables", tables)

    def event(self, event: RolloutEvent) -> None:
        """Move the bar of answers or of tables."""
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
        """Print the step's line; headings come before the first line and again after every twenty."""
        self._clear()
        self._done = step
        self._bars.update(self._run, completed=step)
        self._note_step()
        if self._lines % 20 == 0:
            self._print(headings(self._width), "dim")
        self._lines += 1
        self._print(step_line(step, metrics, self._width))

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """Print the figures, each accuracy with its difference from the first evaluation shown."""
        self._clear()
        self._print(evaluation_line(step, metrics, self._first, self._width), "cyan")
        self._first = self._first or metrics

    @property
    def _width(self) -> int | None:
        """Widest line in characters; None where stderr is not a terminal."""
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
    """Done of total, or the number of answers while the total is unknown."""

    def render(self, task: Bar) -> Text:
        if task.total is None:
            return Text(task.fields["of"], style="progress.download")
        total = f"{int(task.total):,}"
        return Text(f"{int(task.completed):>{len(total)},}/{total}", style="progress.download")


class _Left(ProgressColumn):
    """Time left, on the bar of the run only."""

    def render(self, task: Bar) -> Text:
        if not task.fields["left"] or task.time_remaining is None or task.finished:
            return Text("")
        return Text(f"{timedelta(seconds=round(task.time_remaining))} left", style="progress.remaining")


def _is_terminal(console: Console) -> bool:
    """Whether bars can be redrawn on the console. Rich's `is_terminal` may be forced by colour settings."""
    return console.file.isatty() and not console.is_dumb_terminal
