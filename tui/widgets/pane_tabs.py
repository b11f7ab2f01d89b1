"""The names of the panes on one line, for screens too small to show all panes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class PaneTabs(Widget):
    """Numbered names; a click chooses one."""

    DEFAULT_CSS = "PaneTabs { height: 1; width: 100%; padding: 0 1; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = set()
    active: reactive[str] = reactive("")

    class Chosen(Message):
        """A name was clicked."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane
            """Id of the pane."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` has the titles of the panes by their ids."""
        super().__init__()
        self._names = names

    def render(self) -> Content:
        """The names, the chosen one in the accent."""
        parts = [
            Content.assemble(
                (f"{number} ", "dim"), (title, "$text-accent bold underline" if pane == self.active else "")
            )
            for number, (pane, title) in enumerate(self._names.items(), start=1)
        ]
        return Content("  ").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Choose the name that was clicked."""
        x = 1
        for pane, title in self._names.items():
            if x <= event.x < x + len(title) + 2:
                self.post_message(self.Chosen(pane))
            x += len(title) + 4
