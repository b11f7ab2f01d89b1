"""Two runs side by side."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from agent.show.grid import ASCII, UNICODE, legend
from tui.screens.breakpoints import BREAKPOINTS
from tui.sources.source import RunSource
from tui.views.compare import CompareView, Fact, compare_view
from tui.views.plain import fitted, one_line
from tui.views.progress import title_line
from tui.views.reading_table import TableReader
from tui.views.table import findings, table_view
from tui.widgets.execution_grid import ExecutionGrid
from tui.widgets.pane import Pane, heading, lines
from tui.widgets.program_pane import diff_content
from tui.widgets.run_head import RunHead

LABEL = 24
LEAST_VALUE, MOST_VALUE = 13, 40


class FactsPane(Pane):
    """What is known about both runs, a line each."""

    HELP = """
# Two runs

A line with `≠` says something else about each run. Settings are listed where they differ. The answers are compared line
by line below: `-` is only in the first, `+` only in the second.
"""
    TITLE = "Both runs"
    _shown_last: tuple[CompareView, tuple[str, str]] | None = None

    def show(self, view: CompareView, names: tuple[str, str]) -> None:
        """Show the view; `names` are the ids of the runs."""
        self._shown_last = view, names
        self._draw(view, names)

    def on_resize(self) -> None:
        """Fit the columns to the width."""
        if self._shown_last is not None:
            self._draw(*self._shown_last)

    def _draw(self, view: CompareView, names: tuple[str, str]) -> None:
        width = max(LEAST_VALUE, min(MOST_VALUE, (self.content_size.width - LABEL - 4) // 2))
        one, other = (fitted(name[-width:], width) for name in names)
        parts = [heading(f"  {'':<{LABEL}}{one} {other}"), *(_fact(fact, width) for fact in view.facts)]
        if view.settings:
            parts += [Content(""), heading("settings that differ"), *(_fact(fact, width) for fact in view.settings)]
        if not view.same_problem:
            parts += [Content(""), Content.styled("The runs solve different problems.", "$text-warning")]
        parts += [Content(""), heading("answers")]
        parts.append(diff_content(view.diff) if view.diff else Content("Both answers are the same."))
        content = lines(*parts)
        self.put(content, content.plain)


def _fact(fact: Fact, width: int) -> Content:
    mark = "≠ " if fact.differs else "  "
    text = f"{fitted(fact.label, LABEL)}{fitted(fact.one, width)} {fitted(fact.other, width)}"
    return Content.assemble((mark, "$text-accent"), (text, "" if fact.differs else "dim"))


class CompareScreen(Screen[None]):
    """Both tables above, what differs below."""

    HELP = FactsPane.HELP
    DEFAULT_CSS = """
    CompareScreen #tables { height: 1fr; layout: horizontal; }
    CompareScreen #tables > * { width: 1fr; height: 100%; border: round $panel; border-title-color: $text-muted; }
    CompareScreen #facts { height: 1fr; border: round $panel; border-title-color: $text-muted; }
    CompareScreen #tables > *:focus, CompareScreen #facts:focus {
        border: round $accent; border-title-color: $text-accent;
    }
    CompareScreen.-small #tables { display: none; }
    """
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="compare.back", tooltip="Back"),
        Binding("y", "copy", "Copy", id="compare.copy", tooltip="Copy what is said about both runs"),
    ]

    def __init__(self, one: RunSource, other: RunSource, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._sources = one, other
        self._ascii_only = ascii_only
        self.set_class(ascii_only, "-ascii")

    def compose(self) -> ComposeResult:
        """The tables, and the facts."""
        yield RunHead()
        with Container(id="tables"):
            yield ExecutionGrid(id="one", ascii_only=self._ascii_only)
            yield ExecutionGrid(id="other", ascii_only=self._ascii_only)
        yield FactsPane(id="facts")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show both runs as they are now."""
        glyphs = ASCII if self._ascii_only else UNICODE
        known = []
        for source, grid in zip(self._sources, self.query(ExecutionGrid), strict=True):
            table = TableReader(source.text).table(source.state)
            known.append((source.state, table))
            grid.show(table_view(source.state, findings(source.state, table), glyphs=glyphs))
            grid.border_title = Content(one_line(f"{title_line(source.state)} · {source.name}")).markup
        first, second = (title_line(state) for state, _ in known)
        what = first if first == second else f"{first} and {second}"
        self.query_one(RunHead).show(what, legend(glyphs), "two runs")
        self.query_one(FactsPane).show(compare_view(*known), (self._sources[0].name, self._sources[1].name))

    def on_unmount(self) -> None:
        """Free both runs."""
        for source in self._sources:
            source.close()

    def action_copy(self) -> None:
        """Copy the selected text, else the facts."""
        text = self.get_selected_text() or self.query_one(FactsPane).copied
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {len(text):,} characters.", markup=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()
