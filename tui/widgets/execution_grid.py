"""The execution table: a line per candidate, a mark per execution, with a cursor."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.views.table import CellMark, TableView
from tui.widgets.grid_layout import GridLayout, grid_layout

BEHAVIOURS = 8
"""Number of colours for behaviours; with more behaviours, colours repeat, letters do not."""
EMPTY = " No candidates yet: they appear here as the model writes them."
_UNKNOWN = CellMark(" ", "unknown")


class ExecutionGrid(ScrollView, can_focus=True):
    """Candidates as rows, tests as columns. Names and headings stay in view while the marks scroll."""

    HELP = """
# The execution table

A row is a candidate, a column is a test. Candidates that behave alike have the same letter and colour; a repair stands
below the candidate that it repairs. The number is the probability of being right, the bars above the marks say how
probably each test is right.

`●` passed · `·` wrong output · `!` crash · `T` timeout · `M` memory · `O` too much output · `-` not run · `?` the
sandbox failed. In columns of new inputs, equal letters are equal outputs.

Arrows or `h` `j` `k` `l` move; `g` and `G` go to the first and the last candidate, `0` and `$` to the first and the
last test.
"""
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--head",
        "grid--current",
        "grid--cursor",
        "grid--passed",
        "grid--wrong",
        "grid--failed",
        "grid--unknown",
        "grid--printed",
        *(f"grid--behaviour-{number}" for number in range(BEHAVIOURS)),
    }
    DEFAULT_CSS = """
    ExecutionGrid {
        background: $background;
        color: $foreground;
        scrollbar-size: 1 1; scrollbar-color: $panel; scrollbar-background: $background;
    }
    ExecutionGrid > .grid--head { color: $text-muted; }
    ExecutionGrid > .grid--current { color: $accent; text-style: bold; }
    ExecutionGrid > .grid--cursor { text-style: reverse bold; }
    ExecutionGrid > .grid--passed { color: $text-primary; }
    ExecutionGrid > .grid--wrong { color: $text-warning; }
    ExecutionGrid > .grid--failed { color: $text-error; text-style: bold; }
    ExecutionGrid > .grid--unknown { color: $text-muted; }
    ExecutionGrid > .grid--printed { color: $foreground; }
    ExecutionGrid > .grid--behaviour-0 { color: ansi_cyan; }
    ExecutionGrid > .grid--behaviour-1 { color: ansi_magenta; }
    ExecutionGrid > .grid--behaviour-2 { color: ansi_yellow; }
    ExecutionGrid > .grid--behaviour-3 { color: ansi_blue; }
    ExecutionGrid > .grid--behaviour-4 { color: ansi_bright_cyan; }
    ExecutionGrid > .grid--behaviour-5 { color: ansi_bright_magenta; }
    ExecutionGrid > .grid--behaviour-6 { color: ansi_bright_yellow; }
    ExecutionGrid > .grid--behaviour-7 { color: ansi_bright_blue; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "Up", id="grid.up", show=False, tooltip="The candidate above"),
        Binding("down,j", "move(1, 0)", "Down", id="grid.down", show=False, tooltip="The candidate below"),
        Binding("left,h", "move(0, -1)", "Left", id="grid.left", show=False, tooltip="The test to the left"),
        Binding("right,l", "move(0, 1)", "Right", id="grid.right", show=False, tooltip="The test to the right"),
        Binding("pageup", "move(-10, 0)", "Page up", id="grid.page_up", show=False, tooltip="Ten candidates up"),
        Binding("pagedown", "move(10, 0)", "Page down", id="grid.page_down", show=False, tooltip="Ten candidates down"),
        Binding("g", "move(-9999, 0)", "First", id="grid.first_row", show=False, tooltip="The first candidate"),
        Binding("G", "move(9999, 0)", "Last", id="grid.last_row", show=False, tooltip="The last candidate"),
        Binding("0", "move(0, -9999)", "First test", id="grid.first_column", show=False, tooltip="The first test"),
        Binding("$", "move(0, 9999)", "Last test", id="grid.last_column", show=False, tooltip="The last test"),
    ]

    class Moved(Message):
        """The cursor is on another row, another column, or both."""

        def __init__(self, grid: ExecutionGrid, row: str | None, column: str | None) -> None:
            super().__init__()
            self.grid = grid
            self.row = row
            """Name of the candidate; None while there is none."""
            self.column = column
            """Name of the test; None while there is none."""

        @property
        def control(self) -> ExecutionGrid:
            """The grid that sent the message."""
            return self.grid

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.view = TableView()
        self._ascii_only = ascii_only
        self._plan = grid_layout(self.view)
        self._cursor = Offset(0, 0)
        self._under: tuple[str | None, str | None] = (None, None)
        self._part_styles: dict[str, Style] = {}

    @property
    def row(self) -> str | None:
        """Name of the candidate under the cursor."""
        return self._under[0]

    @property
    def column(self) -> str | None:
        """Name of the test under the cursor."""
        return self._under[1]

    @property
    def allow_select(self) -> bool:
        """True: text of the table can be selected with the mouse."""
        return True

    def show(self, view: TableView) -> None:
        """Show the view. The cursor stays on its candidate and its test, wherever they are now."""
        old, self.view = self.view, view
        if old.rows != view.rows or old.columns != view.columns:
            self._plan = grid_layout(view, ascii_only=self._ascii_only)
            width = self._plan.title_width + max(self._plan.width, len(self._plan.headings))
            self.virtual_size = Size(width, self._plan.head + len(view.rows))
            self._find_cursor()
        self.refresh()

    def focus_cell(self, row: str | None = None, column: str | None = None) -> None:
        """Move the cursor to a candidate, a test, or both; a name that is not there changes nothing."""
        x = next((i for i, each in enumerate(self.view.columns) if each.name == column), self._cursor.x)
        y = next((i for i, each in enumerate(self.view.rows) if each.name == row), self._cursor.y)
        self._go(x, y)

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor by rows and columns, up to the edge."""
        self._go(self._cursor.x + right, self._cursor.y + down)

    def _find_cursor(self) -> None:
        x = next((i for i, each in enumerate(self.view.columns) if each.name == self.column), self._cursor.x)
        y = next((i for i, each in enumerate(self.view.rows) if each.name == self.row), self._cursor.y)
        self._go(x, y, scroll=False)

    def _go(self, x: int, y: int, *, scroll: bool = True) -> None:
        rows, columns = self.view.rows, self.view.columns
        x, y = max(0, min(x, len(columns) - 1)), max(0, min(y, len(rows) - 1))
        self._cursor = Offset(x, y)
        focused = (rows[y].name if rows else None, columns[x].name if columns else None)
        if scroll:
            self._scroll_to_cursor()
        self._place_terminal_cursor()
        self.refresh()
        if focused != self._under:
            self._under = focused
            self.post_message(self.Moved(self, *focused))

    def _scroll_to_cursor(self) -> None:
        layout = self._plan
        x = layout.starts[self._cursor.x] if layout.starts else 0
        place = Region(layout.title_width + x, layout.head + self._cursor.y, 2, 1)
        kept = Spacing(layout.head, 0, 0, layout.title_width)
        self.scroll_to_region(place, spacing=kept, animate=False, force=True, immediate=True)

    def _place_terminal_cursor(self) -> None:
        """Put the terminal's own cursor on the focused cell, for screen readers and Braille displays."""
        if self.has_focus and self._plan.starts:
            x = self._plan.title_width + self._plan.starts[self._cursor.x] - self.scroll_offset.x
            y = self._plan.head + self._cursor.y - self.scroll_offset.y
            self.app.cursor_position = self.content_region.offset + Offset(x, y)

    def watch_scroll_x(self, old: float, new: float) -> None:
        """Keep the terminal's cursor on the cell."""
        super().watch_scroll_x(old, new)
        self._place_terminal_cursor()

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Keep the terminal's cursor on the cell."""
        super().watch_scroll_y(old, new)
        self._place_terminal_cursor()

    def on_focus(self) -> None:
        """Show where the focus is."""
        self._place_terminal_cursor()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the cell, the row or the column that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        layout = self._plan
        line = offset.y - layout.head + self.scroll_offset.y
        column = layout.column_at(offset.x - layout.title_width + self.scroll_offset.x)
        is_row = offset.y >= layout.head and 0 <= line < len(self.view.rows)
        is_column = offset.x >= layout.title_width and column is not None
        if is_row or is_column:
            x = column if is_column and column is not None else self._cursor.x
            self._go(x, line if is_row else self._cursor.y)

    def notify_style_update(self) -> None:
        """Forget styles of another theme."""
        super().notify_style_update()
        self._part_styles.clear()

    def _style(self, part: str) -> Style:
        if part not in self._part_styles:
            self._part_styles[part] = self.get_component_rich_style(f"grid--{part}")
        return self._part_styles[part]

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, layout = self.size.width, self._plan
        if not self.view.rows and not self.view.columns:
            return Strip([Segment(EMPTY if y == 0 else "", self._style("head"))]).adjust_cell_length(
                width, self.rich_style
            )
        if y < layout.head:
            strip = self._head_line(y, layout, width)
        else:
            line = y - layout.head + self.scroll_offset.y
            strip = self._row_line(line, layout, width) if line < len(self.view.rows) else Strip([])
        strip = strip.adjust_cell_length(width, self.rich_style)
        return strip.apply_offsets(0, y) if self.text_selection is None else self._selected(strip, y)

    def _selected(self, strip: Strip, y: int) -> Strip:
        selection = self.text_selection
        span = None if selection is None else selection.get_span(y)
        if span is not None:
            start, end = span
            end = strip.cell_length if end == -1 else end
            before, inside, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
            style = self.screen.get_component_rich_style("screen--selection")
            strip = Strip.join([before, inside.apply_style(style), after])
        return strip.apply_offsets(0, y)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text of the lines on the screen."""
        lines = [self.render_line(y).text.rstrip() for y in range(self.size.height)]
        return selection.extract("\n".join(lines)), "\n"

    def _head_line(self, y: int, layout: GridLayout, width: int) -> Strip:
        head, current = self._style("head"), self._style("current")
        if y == 0:
            text, corner = layout.headings, f"  {'candidate':<{layout.title_width - 12}}"
        elif y <= len(layout.labels):
            text, corner = layout.labels[y - 1], ""
        else:
            text, corner = layout.bars, f"{'P(right)':>{layout.title_width - 2}}"
        corner = corner[: layout.title_width].ljust(layout.title_width)
        left = self.scroll_offset.x
        shown = text[left : left + max(0, width - layout.title_width)]
        segments = [Segment(corner, head)]
        at = layout.starts[self._cursor.x] - left if layout.starts and y else -1
        if 0 <= at < len(shown):
            segments += [Segment(shown[:at], head), Segment(shown[at], current), Segment(shown[at + 1 :], head)]
        else:
            segments.append(Segment(shown, head))
        return Strip(segments)

    def _row_line(self, line: int, layout: GridLayout, width: int) -> Strip:
        row, is_current = self.view.rows[line], line == self._cursor.y
        name = row.name
        style = self._style("head" if row.behaviour is None else f"behaviour-{row.behaviour % BEHAVIOURS}")
        title = Segment(layout.titles[line], style + Style(bold=True) if is_current or row.chosen else style)
        left, right = self.scroll_offset.x, self.scroll_offset.x + width - layout.title_width
        segments, x = [title], left
        marks, get = self.view.marks, self._style
        for number, (column, start) in enumerate(zip(self.view.columns, layout.starts, strict=True)):
            if start < left:
                continue
            if start >= right:
                break
            mark = marks.get((name, column.name), _UNKNOWN)
            if is_current and number == self._cursor.x:
                segments += [
                    Segment(" " * (start - x), get("unknown")),
                    Segment(mark.glyph, get(mark.kind) + get("cursor")),
                ]
            else:
                segments.append(Segment(" " * (start - x) + mark.glyph, get(mark.kind)))
            x = start + 1
        return Strip(segments)
