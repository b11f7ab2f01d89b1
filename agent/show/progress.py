"""Progress of a solve on stderr: a line per round, and bars on a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from agent.runs.events import Decided, Event
from agent.runs.state import RunState
from cure.plain import visible

EXECUTIONS = "executions"


class SolveProgress:
    """Shows the progress of a run; a context manager whose `notice` receives the recorder's events."""

    def __init__(self, console: Console, candidates: str = "programs") -> None:
        """`candidates` is what the coder's answers give, in the plural."""
        self._bars = {candidates: "coder", "tests": "tester"}
        self._console = console
        self._state = RunState()
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
        self._tasks = {name: self._progress.add_task(name, total=None, note="") for name in (*self._bars, EXECUTIONS)}
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def notice(self, event: Event) -> None:
        """Fold one event into the state, and show it."""
        state = self._state.fold(event)
        if isinstance(event, Decided):
            self._console.print(visible(round_line(event)), style="dim", highlight=False, markup=False)
        if self._progress.disable:
            return
        for name, role in self._bars.items():
            failed = state.failed[role]
            self._progress.update(
                self._tasks[name],
                completed=state.answers[role],
                total=state.wanted[role] or None,
                note=f"{failed} failed" if failed else "",
            )
        cells = len(state.candidates) * len(state.tests)
        self._progress.update(self._tasks[EXECUTIONS], completed=len(state.cells), total=cells)


def round_line(decided: Decided) -> str:
    """One line on a decision: the round, the reason, and what the next move does, if it says so."""
    line = f"round {decided.round}: {decided.why}"
    return f"{line} → {decided.doing}" if decided.doing else line
