"""Asks for a recorded run to compare another one with."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from agent.runs.listing import summaries
from agent.show.outcome import HEADLINES
from tui.views.plain import fitted

MOST = 50


class OtherRunScreen(ModalScreen[str | None]):
    """The newest recorded runs but one; gives the id of the chosen run, or None."""

    HELP = """
# Another run

Choose the run to compare with; those of the same problem come first.
"""
    DEFAULT_CSS = """
    OtherRunScreen { align: center middle; }
    OtherRunScreen > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 80%;
        border: round $accent; background: $background; padding: 0 1;
    }
    OtherRunScreen OptionList { border: none; background: $background; height: auto; max-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", id="other.close", tooltip="Close without a choice"),
    ]

    def __init__(self, run: str, problem: str) -> None:
        """`run` is the id of the run that is not listed, `problem` the name of its problem."""
        super().__init__()
        self._run, self._problem = run, problem
        self._names: list[str] = []

    def compose(self) -> ComposeResult:
        """The runs."""
        with Vertical():
            yield Label("Compare with", markup=False)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """List the runs that can be read."""
        found = [run for run in summaries(MOST + 1) if run.id != self._run and run.status != "unreadable"]
        found.sort(key=lambda run: run.problem != self._problem)
        self._names = [run.id for run in found]
        options = self.query_one(OptionList)
        lines = [f"{fitted(run.problem, 40)}  {fitted(HEADLINES[run.status][0], 16)}  {run.id}" for run in found]
        options.add_options([Option(Content(line)) for line in lines])
        if not found:
            self.query_one(Label).update("There is no other recorded run yet; `cure-agent solve` makes one.")
        options.focus()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Give the chosen run."""
        self.dismiss(self._names[message.option_index])

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
