"""Progress of a solve on stderr: bars on a terminal, a line per round elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from agent.runs.events import CandidateAdded, Decided, Event, Executed, RankedRound, Rejected, Sampled, TestAdded
from agent.solve.settings import SolveSettings
from cure.plain import visible


class SolveProgress:
    """Shows events as they come; use it as a context manager and hand `notice` to the solver."""

    def __init__(self, console: Console, settings: SolveSettings) -> None:
        self._console = console
        self._settings = settings
        self._candidates = self._tests = self._cells = self._round = 0
        self._expected = {"coder": settings.n, "tester": settings.m}
        self._answers = {"coder": 0, "tester": 0}
        self._errors = 0
        self._progress = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> SolveProgress:
        for name, total in (("programs", self._settings.n), ("tests", self._settings.m), ("executions", 0)):
            self._tasks[name] = self._progress.add_task(name, total=total or None, note="")
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def notice(self, event: Event) -> None:
        """Show one event of the run."""
        match event:
            case Sampled():
                self._answers[event.role] += 1
                self._errors += event.finish == "error"
                self._expected[event.role] = max(self._expected[event.role], self._answers[event.role])
            case CandidateAdded():
                self._candidates += 1
            case TestAdded():
                self._tests += 1
            case Executed():
                self._cells += 1
            case Decided():
                self._after_round(event)
            case RankedRound() | Rejected():
                pass
            case _:
                return
        self._refresh()

    def _refresh(self) -> None:
        for name, role in (("programs", "coder"), ("tests", "tester")):
            self._progress.update(
                self._tasks[name], completed=self._answers[role], total=self._expected[role], note=self._note(role)
            )
        self._progress.update(self._tasks["executions"], completed=self._cells, total=self._candidates * self._tests)

    def _note(self, role: str) -> str:
        return f"{self._errors} failed" if role == "coder" and self._errors else ""

    def _after_round(self, decided: Decided) -> None:
        line = f"round {decided.round}: {decided.why}"
        if decided.action != "finish":
            line += " → " + ("repairing" if decided.action == "repair" else "sampling more")
            self._expected["coder"] += self._settings.n // 2
        self._console.print(visible(line), style="dim", highlight=False, markup=False)
