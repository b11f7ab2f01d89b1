"""One run: the execution table, and beside it what the cursor is on."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer

from agent.errors import RunError
from agent.runs.store import find_run
from agent.show.grid import ASCII, UNICODE, legend
from engines import write_atomically
from tui.screens.breakpoints import BREAKPOINTS
from tui.screens.compare import CompareScreen
from tui.screens.export import ExportScreen
from tui.screens.other_run import OtherRunScreen
from tui.screens.run_keys import PANES, RUN_KEYS
from tui.screens.why import WhyScreen
from tui.sources.recorded import RecordedSource
from tui.sources.source import RunSource
from tui.views.budget import budget_view
from tui.views.log import TAIL, clock, last_lines
from tui.views.plain import one_line
from tui.views.program import against, program_view
from tui.views.progress import status_words, title_line
from tui.views.ranking import ranking_view
from tui.views.reading_table import TableReader
from tui.views.table import Findings, Order, findings, table_view
from tui.views.test import test_view
from tui.widgets.budget_pane import BudgetPane
from tui.widgets.execution_grid import ExecutionGrid
from tui.widgets.log_pane import LogPane
from tui.widgets.pane_tabs import PaneTabs
from tui.widgets.program_pane import ProgramPane
from tui.widgets.ranking_pane import RankingPane
from tui.widgets.run_head import RunHead
from tui.widgets.test_pane import TestPane

FRAME_S = 1 / 20
"""Least seconds between two refreshes."""
FINDINGS_SHARE = 20
"""Behaviours of a table that grows are computed again after this many times the seconds that it took before."""


class RunScreen(Screen[None]):
    """Shows a run, live or recorded. The source is polled, and at most one refresh a frame follows."""

    HELP = """
# A run

The table is in the middle; program and test under its cursor are beside it. `1` to `6` go to a part of the screen, `z`
shows one part alone. `w` explains the choice, and answers what it would be with other tests.

`[` and `]` go through a recorded run event by event, `{` and `}` in larger steps, Home and End to its first and last
event.
"""
    CSS_PATH = "run.tcss"
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS = RUN_KEYS

    def __init__(self, source: RunSource, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.source = source
        self.reader = TableReader(source.text)
        self._ascii_only = ascii_only
        self.set_class(ascii_only, "-ascii")
        self._glyphs = ASCII if ascii_only else UNICODE
        self._order: Order = "ranking"
        self._marked: str | None = None
        self._diffs = False
        self._found = Findings()
        self._found_at, self._found_cost = 0.0, 0.0
        self._seen = 0
        self._state_seen: object = None
        self._timer: Timer | None = None
        self._is_stale = True

    def compose(self) -> ComposeResult:
        """The parts, in the order of their numbers."""
        yield RunHead(id="head")
        yield PaneTabs(PANES)
        with Container(id="panes"):
            yield ExecutionGrid(id="table", ascii_only=self._ascii_only)
            yield ProgramPane(id="program")
            yield RankingPane(id="ranking")
            yield BudgetPane(id="budget")
            yield TestPane(id="test")
            yield LogPane(id="log")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show the state as it is, and ask for news while there can be any."""
        self.grid.border_title = PANES["table"]
        self._show_legend()
        self._choose("table")
        self.source.poll()
        self._update(whole=True)
        if self.source.is_live:
            self._timer = self.set_interval(FRAME_S, self._poll)

    def on_unmount(self) -> None:
        """End the run that this screen shows, if it started it."""
        self.source.close()

    @property
    def grid(self) -> ExecutionGrid:
        """The execution table."""
        return self.query_one(ExecutionGrid)

    def _poll(self) -> None:
        if self.source.poll() or self._is_stale:
            self._update()
        if not self.source.is_live and self._timer is not None and not self._is_stale:
            self._timer.stop()
            self._update(whole=True)

    def _update(self, *, whole: bool = False) -> None:
        """Show the state; `whole` computes behaviours even if they were computed just now."""
        state = self.source.state
        now = monotonic()
        table = None
        self._is_stale = not whole and now - self._found_at < max(FRAME_S, FINDINGS_SHARE * self._found_cost)
        if not self._is_stale:
            table = self.reader.table(state)
            self._found = findings(state, table)
            self._found_at = monotonic()
            self._found_cost = self._found_at - now
        view = table_view(state, self._found, order=self._order, glyphs=self._glyphs)
        self.grid.show(view)
        self.query_one(RankingPane).show(ranking_view(state, self._found.behaviour))
        self.query_one(BudgetPane).show(budget_view(state, view.places))
        self._show_head()
        self._show_log()
        if not self._is_stale:
            self._show_focused()

    def _show_head(self) -> None:
        source, controls = self.source, self.source.controls
        words = source.trouble or status_words(
            source.state, is_live=source.is_live, is_paused=controls is not None and controls.is_paused
        )
        position = ""
        if isinstance(source, RecordedSource):
            position = f"event {source.position:,} of {source.length:,}"
            if source.position < source.length:
                words = f"{clock(source.at)}: {status_words(source.state, is_live=True)}"
        self.query_one(RunHead).show(title_line(source.state), words, position, is_trouble=bool(source.trouble))

    def _show_log(self) -> None:
        state, log = self.source.state, self.query_one(LogPane)
        new = len(state.recorded) - self._seen
        if state is not self._state_seen or new < 0:
            log.replace(last_lines(state))
        elif new:
            log.add(last_lines(state, min(new, TAIL)))
        self._state_seen, self._seen = state, len(state.recorded)

    def _show_focused(self) -> None:
        state, row, column = self.source.state, self.grid.row, self.grid.column
        table = self.reader.table(state)
        self.query_one(ProgramPane).show(
            program_view(state, table, row, against(state, row, self._marked) if self._diffs else None)
        )
        self.query_one(TestPane).show(test_view(state, table, row, column))

    def on_execution_grid_moved(self) -> None:
        """Show program and test under the cursor."""
        self._show_focused()

    def on_pane_tabs_chosen(self, message: PaneTabs.Chosen) -> None:
        """Show the part that was clicked."""
        self.action_pane(message.pane)

    def _choose(self, pane: str) -> None:
        for name in PANES:
            self.query_one(f"#{name}").set_class(name == pane, "-active")
        self.set_class(pane == "table", "-table-active")
        self.query_one(PaneTabs).active = pane

    def action_pane(self, pane: str) -> None:
        """Show the part of that id, and give it the focus."""
        self._choose(pane)
        self.query_one(f"#{pane}").focus()

    def action_alone(self) -> None:
        """Show the part with the focus alone, or all parts again."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused)

    def action_diff(self) -> None:
        """Show the difference instead of the program, or the program again."""
        self._diffs = not self._diffs
        self._show_focused()

    def action_mark(self) -> None:
        """Compare other candidates with the one under the cursor; the same key on it ends that."""
        row = self.grid.row
        self._marked = None if self._marked == row else row
        what = f"Differences are shown against {self._marked}." if self._marked else "No candidate is marked."
        self._diffs = self._diffs or self._marked is not None
        self.notify(what, markup=False)
        self._show_focused()

    def action_order(self) -> None:
        """Sort by ranking or by order of request, in turns."""
        self._order = "requested" if self._order == "ranking" else "ranking"
        self._show_legend()
        self._update(whole=True)

    def _show_legend(self) -> None:
        words = legend(self._glyphs)
        self.grid.border_subtitle = words if self._order == "ranking" else f"in order of request · {words}"

    def action_scrub(self, events: int) -> None:
        """Go this many events forward in a recorded run, back if negative."""
        if isinstance(self.source, RecordedSource):
            self.source.seek(self.source.position + events)
            self.source.poll()
            self._update(whole=True)

    def action_leap(self, direction: int) -> None:
        """Go a twentieth of a recorded run forward or back."""
        if isinstance(self.source, RecordedSource):
            self.action_scrub(direction * max(1, self.source.length // 20))

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        if (controls := self.source.controls) is not None:
            controls.go_on() if controls.is_paused else controls.pause()
            self._show_head()

    def action_stop(self) -> None:
        """Stop the run; it can be resumed."""
        if (controls := self.source.controls) is not None:
            controls.stop()
            self.notify("The run is stopped as soon as what is under way has ended.", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Whether the action has a meaning for this source."""
        if action in ("pause", "stop"):
            return self.source.controls is not None
        if action in ("scrub", "leap"):
            return isinstance(self.source, RecordedSource)
        return True

    def action_copy(self) -> None:
        """Copy the selected text, else the text of the part that has the focus, else the focused program."""
        text = self.get_selected_text()
        if not text:
            part = self.focused if self.focused is not None and hasattr(self.focused, "copied") else None
            text = part.copied if part is not None else self.query_one(ProgramPane).copied
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {len(text):,} characters.", markup=False)

    def action_export(self) -> None:
        """Ask in which form to write the table to a file."""
        self.app.push_screen(ExportScreen(self.source, self.reader))

    def action_save(self) -> None:
        """Write the program, or the patch, under the cursor to a file in the current folder, and say where it is."""
        state, row = self.source.state, self.grid.row
        if row is None or row not in state.candidates:
            self.notify("There is no candidate to save yet.", markup=False)
            return
        name = f"{self.source.name or 'run'}-{state.candidate_number(row)}"
        path = Path.cwd() / f"{name}.{'patch' if state.is_repository else 'py'}"
        try:
            write_atomically(path, self.reader.table(state).candidates[row].text)
        except OSError as error:
            self.notify(f"{path} cannot be written: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"{one_line(row)} is written to {path}", markup=False)

    def action_compare(self) -> None:
        """Ask for another run, and compare it with this one as far as it is recorded."""
        state = self.source.state
        name = state.started.name if state.started else ""
        self.app.push_screen(OtherRunScreen(self.source.name, name), self._compare)

    def _compare(self, other: str | None) -> None:
        if other is None:
            return
        try:
            sources = RecordedSource(find_run(self.source.name)), RecordedSource(find_run(other))
        except RunError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.app.push_screen(CompareScreen(*sources, ascii_only=self._ascii_only))

    def action_why(self) -> None:
        """Explain the choice."""
        self.app.push_screen(WhyScreen(self.source.state, self.reader))
