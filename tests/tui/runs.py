"""Recorded runs that tests of screens show, and an app that shows one."""

from __future__ import annotations

from pathlib import Path

from textual.app import App
from textual.screen import Screen

from tui.screens.run import RunScreen
from tui.sources.recorded import RecordedSource
from tui.views.reading_table import TableReader
from tui.views.table import Findings, findings

HERE = Path(__file__).parent / "recorded" / "runs"
UNSURE = HERE / "20261201-124208-810996-b3f3"
"""HumanEval/74, solved with answers of qwen2.5-coder-1.5b; the answer is right with probability 0.45."""
SURE = HERE / "20261201-124238-562298-86af"
"""HumanEval/64, solved with answers of qwen2.5-coder-1.5b; the answer is verified."""
REPAIRED = next((Path(__file__).parents[1] / "agent" / "recorded_repairs" / "runs").iterdir())
"""A run with repairs of repairs."""
FIRST_VERSION = next((Path(__file__).parents[1] / "agent" / "recorded" / "runs").iterdir())
"""A run of version 1 of the schema."""
ALL = (UNSURE, SURE, REPAIRED, FIRST_VERSION)


def opened(folder: Path) -> tuple[RecordedSource, TableReader, Findings]:
    """The run as a source, a reader of its table, and the findings about that table."""
    source = RecordedSource(folder)
    reader = TableReader(source.text)
    return source, reader, findings(source.state, reader.table(source.state))


class Shown(App[None]):
    """An app with one screen on top of its own."""

    def __init__(self, screen: Screen[None], theme: str = "textual-dark") -> None:
        super().__init__()
        self.shown = screen
        self._wanted = theme

    def on_mount(self) -> None:
        """Show the screen."""
        self.theme = self._wanted
        self.push_screen(self.shown)

    def notes(self) -> str:
        """What notifications said."""
        return "\n".join(note.message for note in self._notifications)


def run_screen(folder: Path, *, ascii_only: bool = False) -> RunScreen:
    """The screen of a recorded run."""
    return RunScreen(RecordedSource(folder), ascii_only=ascii_only)
