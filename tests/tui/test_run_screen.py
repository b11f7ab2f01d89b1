"""The screen of a run, by every gesture, over recorded runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Label, OptionList, TextArea

from tests.tui.runs import REPAIRED, SURE, UNSURE, Shown, run_screen
from tui.screens.compare import CompareScreen, FactsPane
from tui.screens.edit_test import EditTestScreen
from tui.screens.export import ExportScreen
from tui.screens.run import RunScreen
from tui.screens.why import WhyScreen
from tui.sources.recorded import RecordedSource
from tui.widgets.execution_grid import ExecutionGrid
from tui.widgets.log_pane import LogPane
from tui.widgets.odds_pane import OddsPane
from tui.widgets.pane import Pane
from tui.widgets.program_pane import ProgramPane
from tui.widgets.run_head import RunHead
from tui.widgets.test_pane import TestPane

LARGE, MEDIUM, SMALL = (200, 60), (100, 30), (60, 20)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


def visible(screen: RunScreen) -> set[str]:
    return {str(part.id) for part in screen.query("#panes > *") if part.display}


async def test_the_cursor_chooses_program_and_test() -> None:
    screen = run_screen(UNSURE)
    async with Shown(screen).run_test(size=LARGE) as pilot:
        await pilot.press("down", "right", "l", "l")
        assert (screen.grid.row, screen.grid.column) == ("c9", "t2")
        assert screen.query_one(ProgramPane).border_title == "Program c9"
        assert "wrong output" in str(screen.query_one(TestPane)._shown)
        place = screen.app.cursor_position
        await pilot.press("h", "k")
        assert (screen.grid.row, screen.grid.column) == ("c8", "t1")
        assert screen.app.cursor_position == place - (2, 1)
        await pilot.press("G", "$")
        assert (screen.grid.row, screen.grid.column) == ("c15", "t6")
        await pilot.press("g", "0")
        assert (screen.grid.row, screen.grid.column) == ("c8", "e1")


async def test_a_click_moves_the_cursor_to_a_cell_a_row_or_a_column() -> None:
    screen = run_screen(UNSURE)
    async with Shown(screen).run_test(size=LARGE) as pilot:
        plan = screen.grid._plan
        await pilot.click(screen.grid, offset=(1 + plan.title_width + plan.starts[3], 1 + plan.head + 2))
        assert (screen.grid.row, screen.grid.column) == ("c6", "t2")
        await pilot.click(screen.grid, offset=(3, 1 + plan.head + 4))
        assert (screen.grid.row, screen.grid.column) == ("c4", "t2")
        await pilot.click(screen.grid, offset=(1 + plan.title_width + plan.starts[0], 2))
        assert (screen.grid.row, screen.grid.column) == ("c4", "e1")
        await pilot.click(screen.grid, offset=(3, 40))
        assert (screen.grid.row, screen.grid.column) == ("c4", "e1")


async def test_small_screens_show_one_part_medium_ones_the_table_and_one_and_large_ones_all() -> None:
    screen = run_screen(UNSURE)
    async with Shown(screen).run_test(size=SMALL) as pilot:
        assert visible(screen) == {"table"}
        await pilot.press("3")
        assert visible(screen) == {"test"} and screen.focused is screen.query_one(TestPane)
        await pilot.click("PaneTabs", offset=(11, 0))
        assert visible(screen) == {"program"}
        await pilot.resize_terminal(*MEDIUM)
        assert visible(screen) == {"table", "program"}
        await pilot.resize_terminal(*LARGE)
        assert visible(screen) == {"table", "program", "test", "ranking", "budget", "log"}
        await pilot.press("6", "z")
        assert screen.maximized is screen.query_one(LogPane)
        await pilot.press("z")
        assert screen.maximized is None


async def test_a_recorded_run_is_gone_through_event_by_event() -> None:
    screen = run_screen(UNSURE)
    source = screen.source
    assert isinstance(source, RecordedSource)
    async with Shown(screen).run_test(size=LARGE) as pilot:
        assert "event 328 of 328" in str(screen.query_one(RunHead).render())
        await pilot.press("[")
        assert source.position == 327 and "event 327 of 328" in str(screen.query_one(RunHead).render())
        await pilot.press("home")
        assert source.position == 1 and not screen.grid.view.rows
        await pilot.press("}", "}", "]")
        assert source.position == 34 and len(screen.query_one(LogPane)._lines) == 34
        assert {row.name for row in screen.grid.view.rows} == set(source.state.candidates)
        await pilot.press("{", "end")
        assert source.position == 328 and len(screen.grid.view.rows) == 15


async def test_the_cursor_stays_on_its_candidate_when_the_order_changes() -> None:
    screen = run_screen(REPAIRED)
    async with Shown(screen).run_test(size=LARGE) as pilot:
        screen.grid.focus_cell("c2", "e2")
        before = [row.name for row in screen.grid.view.rows]
        await pilot.press("o")
        assert [row.name for row in screen.grid.view.rows] != before
        assert (screen.grid.row, screen.grid.column) == ("c2", "e2")


async def test_a_program_is_compared_with_its_parent_or_with_a_marked_one() -> None:
    screen = run_screen(REPAIRED)
    async with Shown(screen).run_test(size=LARGE) as pilot:
        program = screen.query_one(ProgramPane)
        screen.grid.focus_cell("c9")
        await pilot.press("d")
        assert program.border_title == "Program c9 against c1"
        screen.grid.focus_cell("c2")
        await pilot.press("m")
        screen.grid.focus_cell("c9")
        await pilot.pause()
        assert program.border_title == "Program c9 against c2"
        await pilot.press("d")
        assert program.border_title == "Program c9"


async def test_text_is_copied_from_the_part_with_the_focus() -> None:
    screen = run_screen(UNSURE)
    app = Shown(screen)
    async with app.run_test(size=LARGE) as pilot:
        await pilot.press("y")
        assert app.clipboard == screen.reader.table(screen.source.state).candidates["c8"].text
        await pilot.press("3", "y")
        assert app.clipboard.startswith("input:\n")
        await pilot.press("6", "y")
        assert "started: HumanEval/74" in app.clipboard
        assert "Copied" in app.notes()


async def test_selected_text_is_copied_first() -> None:
    screen = run_screen(UNSURE)
    app = Shown(screen)
    async with app.run_test(size=LARGE) as pilot:
        grid = screen.grid
        await pilot.mouse_down(grid, offset=(3, 5))
        await pilot.hover(grid, offset=(16, 5))
        await pilot.mouse_up(grid, offset=(16, 5))
        await pilot.press("y")
        assert "c8" in app.clipboard and "0.45" in app.clipboard and "def " not in app.clipboard


@pytest.mark.parametrize(("down", "form"), [(0, "txt"), (1, "json"), (2, "svg"), (3, "html")])
async def test_the_table_is_written_to_a_file(
    down: int, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = Shown(run_screen(SURE))
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("e")
        assert isinstance(app.screen, ExportScreen)
        await pilot.press(*["down"] * down, "enter")
        written = tmp_path / f"{SURE.name}-table.{form}"
        assert written.stat().st_size > 1000 and str(written) in app.notes()
        if form == "json":
            assert json.loads(written.read_text())["candidate"] == "c1"


async def test_a_full_disk_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    screen = run_screen(SURE)
    app = Shown(screen)
    async with app.run_test(size=MEDIUM) as pilot:
        app.push_screen(ExportScreen(screen.source, screen.reader, gone))
        await pilot.press("enter")
        assert "cannot be written: No such file or directory" in app.notes()


async def test_why_answers_at_once_when_a_test_is_left_out() -> None:
    app = Shown(run_screen(UNSURE))
    async with app.run_test(size=LARGE) as pilot:
        await pilot.press("w")
        why = app.screen
        assert isinstance(why, WhyScreen)
        assert "c8 is the answer, right with probability 0.45." in why.query_one(OddsPane).copied
        await pilot.press("down", "space")
        said = why.query_one(OddsPane).copied
        assert "in the run it was c8" in said or "Still c8" in said
        assert "left out" in str(why.query_one(OptionList).get_option_at_index(1).prompt)
        await pilot.press("r", "y")
        assert app.clipboard == why.query_one(OddsPane).copied
        assert app.clipboard.startswith("c8 is the answer")
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)


async def test_why_answers_to_a_changed_and_to_an_added_test() -> None:
    app = Shown(run_screen(UNSURE))
    async with app.run_test(size=LARGE) as pilot:
        await pilot.press("w", "down", "down", "e")
        assert isinstance(app.screen, EditTestScreen)
        app.screen.query_one("#expected", TextArea).text = "nothing of the kind"
        await pilot.press("ctrl+s")
        why = app.screen
        assert isinstance(why, WhyScreen)
        assert "No program is fit to hand over" in why.query_one(OddsPane).copied
        await pilot.press("r", "a")
        assert isinstance(app.screen, EditTestScreen)
        app.screen.query_one("#input", TextArea).text = "4 5"
        app.screen.query_one("#expected", TextArea).text = "9"
        await pilot.press("ctrl+s")
        assert "yours1 has a new input: it counts once programs were executed on it." in (
            why.query_one(OddsPane).copied
        )
        await pilot.press("a", "escape")
        assert why.query_one(OptionList).option_count == 18


async def test_two_runs_are_shown_side_by_side() -> None:
    screen = CompareScreen(RecordedSource(UNSURE), RecordedSource(SURE))
    app = Shown(screen)
    async with app.run_test(size=LARGE) as pilot:
        said = screen.query_one(FactsPane).copied
        assert "The runs solve different problems." in said and "low confidence" in said
        await pilot.press("y")
        assert app.clipboard == said


async def test_another_run_is_chosen_to_compare_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURE_AGENT_STATE", str(tmp_path))
    shutil.copytree(UNSURE.parent, tmp_path / "runs")
    shutil.copytree(REPAIRED, tmp_path / "runs" / REPAIRED.name)
    app = Shown(run_screen(UNSURE))
    async with app.run_test(size=LARGE) as pilot:
        await pilot.press("c", "escape", "c", "down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, CompareScreen)
        assert "sum" in app.screen.query_one(FactsPane).copied
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)


async def test_without_another_run_the_list_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURE_AGENT_STATE", str(tmp_path))
    app = Shown(run_screen(UNSURE))
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("c")
        assert "no other recorded run" in str(app.screen.query_one(Label).render())


async def test_the_program_under_the_cursor_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    screen = run_screen(UNSURE)
    app = Shown(screen)
    async with app.run_test(size=MEDIUM) as pilot:
        await pilot.press("a")
        (saved,) = tmp_path.iterdir()
        assert saved.read_text() == screen.reader.table(screen.source.state).candidates["c8"].text
        assert f"c8 is written to {saved}" in app.notes()
        await pilot.press("home", "a")
        assert "There is no candidate to save yet." in app.notes()


@pytest.mark.parametrize(
    "part", [RunScreen, WhyScreen, CompareScreen, EditTestScreen, ExportScreen, ExecutionGrid, Pane, LogPane]
)
def test_every_binding_has_an_id_and_a_tooltip(part: type[DOMNode]) -> None:
    bindings = [each for each in part.BINDINGS if isinstance(each, Binding)]
    assert len(bindings) == len(part.BINDINGS) > 0
    assert all(each.id and each.tooltip for each in bindings)
    assert len({each.id for each in bindings}) == len(bindings)
