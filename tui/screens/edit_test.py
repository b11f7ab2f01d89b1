"""A test to be changed or added."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from cure.problem import UnitTest


class EditTestScreen(ModalScreen[UnitTest | None]):
    """Input and expected output of a test; gives the test, or None where nothing is to change."""

    HELP = """
# A test

Change the input or the expected output, then `ctrl+s`. With an input that programs were already run on, the ranking
answers at once; any other input first needs an execution.
"""
    DEFAULT_CSS = """
    EditTestScreen { align: center middle; }
    EditTestScreen > Vertical {
        width: 90%; height: 80%; max-width: 110; border: round $accent; background: $background; padding: 0 1;
    }
    EditTestScreen Horizontal { height: 1fr; }
    EditTestScreen Horizontal > Vertical { width: 1fr; height: 100%; }
    EditTestScreen TextArea { height: 1fr; border: round $panel; background: $background; }
    EditTestScreen TextArea:focus { border: round $accent; }
    EditTestScreen Label { text-style: dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", "Use it", id="test.accept", tooltip="Use the test", priority=True),
        Binding("escape", "leave", "Leave", id="test.leave", tooltip="Leave without a change", priority=True),
    ]

    def __init__(self, title: str, test: UnitTest) -> None:
        super().__init__()
        self._title = title
        self._test = test

    def compose(self) -> ComposeResult:
        """The two texts, side by side."""
        with Vertical():
            yield Label(self._title, markup=False)
            with Horizontal():
                with Vertical():
                    yield Label("input", markup=False)
                    yield TextArea(self._test.stdin, id="input", tab_behavior="focus")
                with Vertical():
                    yield Label("expected output", markup=False)
                    yield TextArea(self._test.expected, id="expected", tab_behavior="focus")
            yield Label("ctrl+s uses the test, escape leaves it as it was", markup=False)

    def action_accept(self) -> None:
        """Give the test as it is written now; it is a person's, so it is trusted."""
        stdin, expected = (self.query_one(f"#{name}", TextArea).text for name in ("input", "expected"))
        changed = (stdin, expected) != (self._test.stdin, self._test.expected) or not expected
        self.dismiss(UnitTest(stdin, expected, "user") if changed else None)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
