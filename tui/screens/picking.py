"""Choosing one line of a list: a problem of a file, or a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from cure.plain import visible

T = TypeVar("T")


def two_lines(title: str, detail: str) -> Content:
    """A line, and a dim one below it."""
    if not detail:
        return Content(visible(title))
    return Content.assemble(Content(visible(title)), "\n", Content.styled(f"  {visible(detail)}", "dim"))


class PickScreen(ModalScreen[T | None], Generic[T]):
    """A list with a heading; gives back what was chosen, or None."""

    HELP = """
# Choosing

Enter takes the line under the cursor, Escape leaves without a choice.
"""
    DEFAULT_CSS = """
    PickScreen { align: center middle; }
    PickScreen > Vertical {
        width: 90%; max-width: 100; height: auto; max-height: 90%;
        border: round $accent; background: $background; padding: 0 1;
    }
    PickScreen OptionList { border: none; background: $background; height: auto; max-height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", id="pick.close", tooltip="Close without a choice"),
        Binding("j", "move('down')", "Down", id="pick.down", show=False, tooltip="One line down"),
        Binding("k", "move('up')", "Up", id="pick.up", show=False, tooltip="One line up"),
    ]

    def __init__(self, heading: str, lines: Sequence[tuple[T | None, str, str]]) -> None:
        """Each line has what it stands for (None for one that cannot be chosen), a title and a detail."""
        super().__init__()
        self._heading, self._choices = heading, lines

    def compose(self) -> ComposeResult:
        """Heading and list."""
        with Vertical():
            yield Label(self._heading, markup=False)
            options = [
                Option(two_lines(title, detail), disabled=value is None) for value, title, detail in self._choices
            ]
            yield OptionList(*options, markup=False)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Give back the line."""
        self.dismiss(self._choices[message.option_index][0])

    def action_leave(self) -> None:
        """Give back nothing."""
        self.dismiss(None)

    def action_move(self, direction: str) -> None:
        """Move the cursor one line."""
        chosen = self.query_one(OptionList)
        if direction == "down":
            chosen.action_cursor_down()
        else:
            chosen.action_cursor_up()
