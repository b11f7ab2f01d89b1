"""Writing or pasting a problem, or naming its file; and writing a task for the repository one stands in."""

from __future__ import annotations

import shlex
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Label, Static, TextArea

from cure.errors import ProblemError
from cure.plain import visible
from tui.picks import Pick, read_picks


class WriteScreen(ModalScreen[list[Pick] | None]):
    """Gives back the problems that the text stands for."""

    HELP = """
# A problem of your own

Write or paste the statement with its samples, JSON in CURE's schema or of competitive-companion, or the name of a file.
Ctrl+S goes on, Escape leaves.
"""
    DEFAULT_CSS = """
    WriteScreen { align: center middle; }
    WriteScreen > Vertical {
        width: 90%; max-width: 110; height: 80%;
        border: round $accent; background: $background; padding: 0 1;
    }
    WriteScreen TextArea { height: 1fr; border: none; background: $background; }
    WriteScreen #wrong { color: $error; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "read", "Solve", id="write.solve", priority=True, tooltip="Read the problem and solve it"),
        Binding("escape", "leave", "Close", id="write.close", priority=True, tooltip="Close without solving"),
    ]

    def compose(self) -> ComposeResult:
        """The text, and what is wrong with it."""
        with Vertical():
            yield Label("A statement, JSON, or the name of a file", markup=False)
            yield TextArea(soft_wrap=True)
            yield Static(id="wrong", markup=False)
        yield Footer(compact=True)

    def action_read(self) -> None:
        """Give back the problems, or say what is wrong."""
        try:
            found = read_picks(self.query_one(TextArea).text)
        except (ProblemError, OSError) as error:
            self.query_one("#wrong", Static).update(Content(visible(str(error))))
            return
        self.dismiss(found)

    def action_leave(self) -> None:
        """Give back nothing."""
        self.dismiss(None)


class TaskScreen(ModalScreen[str | None]):
    """Gives back the command that does a task in the repository."""

    HELP = """
# A task for this repository

Write what to change in words. Enter copies the command that does it; run it in this folder.
"""
    DEFAULT_CSS = """
    TaskScreen { align: center middle; }
    TaskScreen > Vertical {
        width: 90%; max-width: 110; height: auto;
        border: round $accent; background: $background; padding: 0 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", id="task.close", tooltip="Close"),
    ]

    def __init__(self, repository: str) -> None:
        super().__init__()
        self._repository = repository

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with Vertical():
            yield Label(f"What to change in {visible(self._repository)}", markup=False)
            yield Input(placeholder="the pager shows one line too few")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Give back the command."""
        task = " ".join(message.value.split())
        self.dismiss(command_for(task) if task else None)

    def action_leave(self) -> None:
        """Give back nothing."""
        self.dismiss(None)


def command_for(task: str) -> str:
    """The command that does the task, to be run in a shell."""
    is_sentence = len(task.split()) > 1
    return f"cure-agent {shlex.quote(task)}" if is_sentence else f"cure-agent change {shlex.quote(task)}"
