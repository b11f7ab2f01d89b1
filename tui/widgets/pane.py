"""A part of a screen that shows text: scrolled with the keyboard, selected with the mouse, copied as plain text."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class Pane(VerticalScroll, can_focus=True):
    """Text with a title. Nothing in it is read as markup."""

    DEFAULT_CSS = """
    Pane {
        background: $background; scrollbar-size: 1 1;
        scrollbar-color: $panel; scrollbar-background: $background; padding: 0 1;
    }
    Pane > Static { width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="pane.down", show=False, tooltip="Scroll down"),
        Binding("k", "scroll_up", "Up", id="pane.up", show=False, tooltip="Scroll up"),
    ]
    TITLE = ""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self.border_title = self.TITLE
        self.copied = ""
        """The text that is copied from here."""
        self._titled = self.TITLE
        self._text = Static("", markup=False)
        self._shown = Content("")

    def compose(self) -> ComposeResult:
        """The text."""
        yield self._text

    @property
    def is_ascii(self) -> bool:
        """Whether the terminal shows ASCII characters only, as the screen's class `-ascii` says."""
        return self.screen.has_class("-ascii")

    def put(self, content: Content, copied: str, *, title: str = "") -> None:
        """Show the content unless it is already shown; `copied` is its text for the clipboard."""
        self.copied = copied
        words = Content(f"{self.TITLE} {title}".strip()).markup
        if words != self._titled:
            self._titled = self.border_title = words
        if not content.is_same(self._shown):
            old, self._shown = self._shown, content
            self._text.update(content, layout=self._heights_differ(old, content))

    def _heights_differ(self, old: Content, new: Content) -> bool:
        """Whether two contents may need different heights; a layout of the screen costs more than drawing them."""
        one, other = old.plain.split("\n"), new.plain.split("\n")
        width = self._text.size.width
        return len(one) != len(other) or any(cell_len(line) > width for line in (*one, *other))


def heading(text: str) -> Content:
    """A line that names what follows."""
    return Content.styled(text, "dim")


def lines(*parts: Content) -> Content:
    """The parts, each on lines of its own."""
    return Content("\n").join(parts)


def bar(share: float, width: int = 10, *, ascii_only: bool = False) -> Content:
    """A bar of the given share of its width."""
    full = round(max(0.0, min(1.0, share)) * width)
    one, none = ("#", ".") if ascii_only else ("━", "─")
    return Content.assemble((one * full, "$accent"), (none * (width - full), "dim"))
