"""The events of the run as lines, the newest at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.views.log import TAIL

NOTHING = "Nothing has happened yet."


class LogPane(ScrollView, can_focus=True):
    """The last TAIL lines, each drawn only while it is on the screen."""

    HELP = """
# The log

What happened, one event a line, the newest at the end; the last 2,000 lines. All events are in `events.jsonl` in the
run's folder.
"""
    TITLE = "Log"
    DEFAULT_CSS = """
    LogPane {
        background: $background; color: $foreground; scrollbar-size: 0 1;
        scrollbar-color: $panel; scrollbar-background: $background; padding: 0 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="log.down", show=False, tooltip="Scroll down"),
        Binding("k", "scroll_up", "Up", id="log.up", show=False, tooltip="Scroll up"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self.border_title = self.TITLE
        self._lines: deque[str] = deque(maxlen=TAIL)
        self._widest = 0
        self._follows = True

    @property
    def copied(self) -> str:
        """The text that is copied from here."""
        return "\n".join(self._lines)

    @property
    def allow_select(self) -> bool:
        """True: lines can be selected with the mouse."""
        return True

    def replace(self, lines: Sequence[str]) -> None:
        """Show these lines only."""
        self._lines.clear()
        self.add(lines)

    def add(self, lines: Sequence[str]) -> None:
        """Add lines at the end; the view stays at the end if it is there."""
        self._lines.extend(lines)
        self._widest = max([self._widest, *map(cell_len, lines)])
        self.virtual_size = Size(self._widest, len(self._lines))
        if self._follows:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.refresh()

    def on_resize(self) -> None:
        """Stay at the end when the size changes, until the person scrolls up."""
        if self._follows:
            self.scroll_end(animate=False, immediate=True, x_axis=False)

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Follow new lines while the last one is on the screen."""
        super().watch_scroll_y(old, new)
        self._follows = new >= self.max_scroll_y

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        number, left, width = y + self.scroll_offset.y, self.scroll_offset.x, self.size.width
        style = self.rich_style
        if not self._lines:
            return Strip([Segment(NOTHING if y == 0 else "", style)]).adjust_cell_length(width, style)
        text = self._lines[number] if number < len(self._lines) else ""
        strip = Strip([Segment(text, style)])
        span = None if self.text_selection is None else self.text_selection.get_span(number)
        if span is not None:
            start, end = span
            marked = style + self.screen.get_component_rich_style("screen--selection")
            end = len(text) if end == -1 else end
            strip = Strip([Segment(text[:start], style), Segment(text[start:end], marked), Segment(text[end:], style)])
        return strip.crop_extend(left, left + width, style).apply_offsets(left, number)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text."""
        return selection.extract("\n".join(self._lines)), "\n"
