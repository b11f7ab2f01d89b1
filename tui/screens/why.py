"""Why a candidate was chosen, and what would be chosen with other tests."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from agent.runs.state import RunState
from cure.errors import ProblemError
from cure.problem import UnitTest
from tui.screens.breakpoints import BREAKPOINTS
from tui.screens.edit_test import EditTestScreen
from tui.views.comparison import comparison_of
from tui.views.plain import fitted
from tui.views.progress import title_line
from tui.views.reading_table import TableReader
from tui.views.suppose import Supposition, suppose
from tui.views.why import JudgingTest, WhyView, why_view
from tui.widgets.odds_pane import OddsPane
from tui.widgets.run_head import RunHead


class TestList(OptionList):
    """The tests that judge candidates, each ticked while it counts."""

    __test__: ClassVar = False
    HELP = """
# The tests

A ticked test counts. Space leaves a test out, or takes it in again; `e` changes its input or its expected output, `a`
adds a test of your own, `r` takes all changes back. The ranking beside it answers at once, from recorded outputs.
"""


class WhyScreen(Screen[None]):
    """The explanation beside the tests; nothing that is tried here changes the run."""

    HELP = TestList.HELP
    DEFAULT_CSS = """
    WhyScreen #parts { height: 1fr; layout: horizontal; }
    WhyScreen #parts > * {
        width: 1fr; height: 100%; max-height: 100%; background: $background; border: round $panel;
        border-title-color: $text-muted; border-subtitle-color: $text-muted; padding: 0 1;
        scrollbar-size: 1 1; scrollbar-color: $panel; scrollbar-background: $background;
    }
    WhyScreen #parts > *:focus {
        background-tint: $foreground 0%; border: round $accent; border-title-color: $text-accent;
    }
    WhyScreen.-small #parts, WhyScreen.-medium #parts { layout: vertical; }
    WhyScreen.-small #parts > *, WhyScreen.-medium #parts > * { width: 100%; height: 1fr; }
    WhyScreen.-small #parts > *, WhyScreen.-small #parts > *:focus { border: none; }
    """
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,w", "leave", "Back", id="why.back", tooltip="Back to the run"),
        Binding("space", "tick", "Leave out", id="why.toggle", tooltip="Leave the test out, or take it in again"),
        Binding("e,enter", "edit", "Change", id="why.edit", tooltip="Change input or expected output", priority=True),
        Binding("a", "add", "Add", id="why.add", tooltip="Add a test of your own"),
        Binding("r", "reset", "As it was", id="why.reset", tooltip="Take all changes back"),
        Binding("y", "copy", "Copy", id="why.copy", tooltip="Copy the explanation"),
    ]

    def __init__(self, state: RunState, reader: TableReader) -> None:
        super().__init__()
        self._state = state
        self._table = reader.table(state)
        self._equal = comparison_of(state, reader.read)
        self._supposition = Supposition()
        self._names: list[str] = []

    @property
    def tests(self) -> TestList:
        """The list of tests."""
        return self.query_one(TestList)

    def compose(self) -> ComposeResult:
        """The tests, and the explanation."""
        yield RunHead(id="head")
        with Container(id="parts"):
            yield TestList(id="tests", markup=False)
            yield OddsPane(id="why")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Explain the run as it is."""
        self.tests.border_title = "Tests"
        self.tests.focus()
        self._update()

    def on_resize(self) -> None:
        """Fit the lines of the tests to the width."""
        self._update()

    def _update(self) -> None:
        try:
            supposed = suppose(self._state, self._table, self._supposition, self._equal)
        except ProblemError as error:
            view = WhyView(headline=str(error))
        else:
            view = why_view(self._state, self._table, supposed, self._supposition)
        changes = len(self._supposition.without) + len(self._supposition.tests)
        what = f"supposing {changes} change{'s' * (changes != 1)}" if changes else "as in the run"
        self.query_one(RunHead).show(title_line(self._state), "why", what)
        self.query_one(OddsPane).show(view)
        self._list(view)

    def _list(self, view: WhyView) -> None:
        tests, width = self.tests, max(20, self.tests.content_size.width - 2)
        names = [each.name for each in view.tests]
        if names != self._names:
            kept = tests.highlighted
            self._names = names
            tests.clear_options()
            tests.add_options([Option(_line(each, width)) for each in view.tests])
            tests.highlighted = min(kept or 0, len(names) - 1) if names else None
        else:
            for index, each in enumerate(view.tests):
                tests.replace_option_prompt_at_index(index, _line(each, width))

    def _test(self) -> str | None:
        highlighted = self.tests.highlighted
        return None if highlighted is None else self._names[highlighted]

    def action_tick(self) -> None:
        """Leave the test out, or take it in again."""
        if (name := self._test()) is not None:
            self._supposition = self._supposition.toggled(name)
            self._update()

    def action_edit(self) -> None:
        """Change input or expected output of the test."""
        name = self._test()
        if name is None:
            return
        test = self._supposition.tests.get(name, self._table.tests.get(name))
        if isinstance(test, UnitTest):
            self.app.push_screen(EditTestScreen(f"Test {name}", test), lambda changed: self._set(name, changed))
        else:
            self.notify("Tests of a repository can be left out here, but not changed.", markup=False)

    def action_add(self) -> None:
        """Add a test, beginning with the input of the one under the cursor."""
        if self._state.is_repository:
            self.notify("Tests of a repository can be left out here, but not added.", markup=False)
            return
        known = {**self._table.tests, **self._supposition.tests}
        name = next(f"yours{number}" for number in range(1, len(known) + 2) if f"yours{number}" not in known)
        here = known.get(self._test() or "")
        start = UnitTest(here.stimulus if here is not None else "", "", "user")
        self.app.push_screen(EditTestScreen(f"A test of your own, {name}", start), lambda test: self._set(name, test))

    def _set(self, name: str, test: UnitTest | None) -> None:
        if test is not None:
            self._supposition = self._supposition.with_test(name, test)
            self._update()

    def action_reset(self) -> None:
        """Take all changes back."""
        self._supposition = Supposition()
        self._update()

    def action_copy(self) -> None:
        """Copy the selected text, else the explanation."""
        text = self.get_selected_text() or self.query_one(OddsPane).copied
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {len(text):,} characters.", markup=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def _line(test: JudgingTest, width: int) -> Content:
    tick = "[x] " if test.counts else "[ ] "
    changed = " *" if test.changed else "  "
    given = test.stimulus.strip() or "(nothing)"
    rest = given if test.expected is None else f"{given} → {test.expected.strip() or '(nothing)'}"
    return Content.assemble(
        (tick, "$text-accent" if test.counts else "dim"),
        (f"{fitted(test.name, 6)}{changed}", "" if test.counts else "dim"),
        (f"{fitted(test.worth, 18)}  ", "dim"),
        (fitted(rest, max(4, width - 32)), "" if test.counts else "dim"),
    )
