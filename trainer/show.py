"""What a person sees while a run goes on: the phase of the step with its progress, and a line for every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from trainer.measure import Metrics
from trainer.sampling import Event
from trainer.tasks import Task


class Show(Protocol):
    """Told what the loop is doing."""

    def phase(self, name: str, total: int) -> None:
        """A phase begins."""

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = "answers and tables") -> None:
        """Answers to these tasks are being sampled and run."""

    def event(self, event: Event) -> None:
        """Something of a roll-out is done."""

    def step(self, step: int, metrics: Metrics) -> None:
        """A step is committed."""

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """An evaluation is done."""


class Silent:
    """Shows nothing: for processes other than the first, and for tests."""

    def phase(self, name: str, total: int) -> None:
        pass

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = "answers and tables") -> None:
        pass

    def event(self, event: Event) -> None:
        pass

    def step(self, step: int, metrics: Metrics) -> None:
        pass

    def evaluation(self, step: int, metrics: Metrics) -> None:
        pass


class Terminal:
    """Bars on stderr, and lines that stay: one for each step, one for each evaluation."""

    def __init__(self, steps: int, done: int) -> None:
        self.console = Console(stderr=True, highlight=False)
        columns = (
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._bars = Progress(*columns, console=self.console)
        self._run = self._bars.add_task("steps", total=steps, completed=done, note="")
        self._phase: TaskID | None = None
        self._tokens = 0
        self._tables = 0
        self._steps_shown = 0

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def phase(self, name: str, total: int) -> None:
        """Put a bar of `total` for the phase below that of the run."""
        if self._phase is not None:
            self._bars.remove_task(self._phase)
        self._phase = self._bars.add_task(name, total=total or None, note="")

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = "answers and tables") -> None:
        """Put a bar that counts answers, with tables and tokens beside it."""
        self._tokens = self._tables = 0
        self.phase(name, len(tasks) * answers_each)

    def event(self, event: Event) -> None:
        """Move the bar."""
        if self._phase is None:
            return
        self._tables += event.kind == "table"
        self._tokens += event.tokens
        note = f"{self._tables} tables, {self._tokens:,} tokens"
        self._bars.update(self._phase, advance=event.kind == "answer", note=note)

    def step(self, step: int, metrics: Metrics) -> None:
        """Print the step's line, under its headings now and then."""
        self._bars.update(self._run, completed=step)
        if self._steps_shown % 20 == 0:
            self.console.print(f"[dim]{_HEADINGS}[/dim]", soft_wrap=True)
        self._steps_shown += 1
        self.console.print(step_line(step, metrics), soft_wrap=True)

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """Print the figures."""
        self.console.print(evaluation_line(step, metrics), soft_wrap=True)


_HEADINGS = "step   code   test   best   p_01   p_00     mu  groups c/t  no test    KL   entropy  grad  tok/s   seconds"


def step_line(step: int, metrics: Metrics) -> str:
    """One line with a step's main figures: accuracies of the step's own samples, before its updates."""
    seconds = metrics.get("seconds/step")
    tokens = _number(metrics, "code/tokens", 0) + _number(metrics, "test/tokens", 0)
    sampling = _number(metrics, "seconds/sampling", 0)
    groups = f"{_share(metrics.get('code/groups_trained'))}/{_share(metrics.get('test/groups_trained'))}"
    parts = [
        f"{step:4d}",
        *(_share(metrics.get(name)) for name in ("code/accuracy", "test/p_u", "best_of_n")),
        *(_share(metrics.get(f"test/{name}")) for name in ("p_01", "p_00", "mu")),
        f"{groups:>11}",
        f"{_share(metrics.get('test/unparsed')):>8}",
        _share(metrics.get("test/kl", metrics.get("joint/kl")), 4),
        f"{_share(metrics.get('code/entropy', metrics.get('joint/entropy')), 3):>8}",
        _share(metrics.get("code/gradient_norm", metrics.get("joint/gradient_norm"))),
        f"{tokens / sampling:6.0f}" if sampling else "     –",
        f"{seconds:8.1f}" if isinstance(seconds, float) else "   again",
    ]
    return "  ".join(parts)


def evaluation_line(step: int, metrics: Metrics) -> str:
    """One line with an evaluation's figures."""
    named = [
        ("code", "code/accuracy"),
        ("tests", "test/accuracy"),
        ("best of n", "best_of_n"),
        ("p_01", "test/p_01"),
        ("p_00", "test/p_00"),
        ("mu", "test/mu"),
    ]
    words = ", ".join(f"{word} {_share(metrics.get(f'eval/{name}'), 3)}" for word, name in named)
    return f"held out after step {step}: {words} ({metrics.get('eval/problems')} problems)"


def _share(value: object, digits: int = 2) -> str:
    return f"{value:5.{digits}f}" if isinstance(value, (int, float)) else "    –"


def _number(metrics: Metrics, name: str, otherwise: float) -> float:
    value = metrics.get(name)
    return value if isinstance(value, (int, float)) else otherwise
