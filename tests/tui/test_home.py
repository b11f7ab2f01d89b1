"""The first screen and what all screens share, by the keys that a user presses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static, TextArea

from agent.runs.store import list_runs
from tests.end_to_end.conftest import SUM
from tests.tui.conftest import Bench
from tui.app import CureApp
from tui.jump import JumpScreen
from tui.machine import Solver, configured
from tui.screens.home import HomeScreen
from tui.screens.picking import PickScreen
from tui.screens.run import RunScreen
from tui.screens.writing import TaskScreen, WriteScreen
from tui.settings import TuiOptions

RUN = next((Path(__file__).parents[1] / "agent" / "recorded_repairs" / "runs").iterdir())


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of its own, without data sets, and programs that run as plain processes."""
    monkeypatch.setenv("CURE_AGENT_STATE", str(tmp_path))
    monkeypatch.setenv("CURE_AGENT_DATA_HOME", str(tmp_path / "sets"))
    monkeypatch.setenv("CURE_AGENT_SOLVE_SANDBOX", "none")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


def made(model: str | None = None, **options: object) -> CureApp:
    return CureApp(TuiOptions.model_validate(options), Solver(model or "micro", model is not None), model=model)


async def until(pilot: Pilot[int], condition: object, seconds: float = 60) -> None:
    for _ in range(int(seconds / 0.05)):
        await pilot.pause(0.05)
        if condition():  # type: ignore[operator]  # a callable
            return
    raise AssertionError("nothing happened")


def shown(app: CureApp, widget: str) -> str:
    return str(app.screen.query_one(widget, Static).render())


async def test_home_shows_problems_runs_model_and_sandbox(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "runs" / RUN.name)
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.query_one("#runs", OptionList).get_option_at_index(0).disabled is False)
        await until(pilot, lambda: "sandbox" in shown(app, "#machine"))
        assert "model micro" in shown(app, "#machine")
        assert app.screen.query_one("#problems", OptionList).option_count == 3
        assert "Read one line of numbers" in shown(app, "#text")
        await pilot.press("tab")
        await pilot.pause()
        assert RUN.name in shown(app, "#text")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.source.name == RUN.name
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_a_pasted_problem_is_solved_by_the_model_that_was_named(bench: Bench) -> None:
    app = made(model=bench.model())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, WriteScreen))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "is empty" in shown(app, "#wrong")
        app.screen.query_one(TextArea).text = json.dumps(SUM)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: screen.source.state.result is not None, 120)
        assert screen.source.state.result is not None and screen.source.state.result.status == "verified"
        await until(pilot, lambda: not screen.source.is_live)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
    assert len(list_runs(bench.folder)) == 1


async def test_a_problem_that_the_bundled_model_cannot_solve_asks_for_a_model(tmp_path: Path) -> None:
    (tmp_path / "sum.json").write_text(json.dumps(SUM))
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, WriteScreen))
        app.screen.query_one(TextArea).text = str(tmp_path / "sum.json")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert app.model_words == "micro" and not app.workers_started


async def test_a_file_of_several_problems_lets_one_choose(tmp_path: Path) -> None:
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, WriteScreen))
        app.screen.query_one(TextArea).text = json.dumps([SUM | {"name": "[red]one[/red]"}, SUM])
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, PickScreen))
        assert "[red]one[/red]" in app.export_screenshot().replace("&#160;", " ")


async def test_jump_mode_gives_the_focus_by_a_key() -> None:
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("2")
        await until(pilot, lambda: app.screen.focused is not None and app.screen.focused.id == "runs")


async def test_help_shows_the_focused_part_and_its_keys_and_goes_away() -> None:
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f1")
        await until(pilot, lambda: app.screen.query("HelpPanel"))
        await pilot.press("f1")
        await until(pilot, lambda: not app.screen.query("HelpPanel"))


async def test_keys_are_remapped_by_their_ids() -> None:
    app = made(keys="home.new=x app.jump=ctrl+g")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, WriteScreen))


async def test_an_id_that_no_command_has_is_named_with_the_nearest() -> None:
    app = made(keys="home.nwe=x run.why=v")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        notices = [notice.message for notice in app._notifications]
        assert notices == ["In the settings: no command 'home.nwe'; did you mean home.new?"]


async def test_a_model_that_does_not_answer_is_words_on_the_screen(bench: Bench) -> None:
    app = made(model="http://127.0.0.1:9/v1#name")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        (worker,) = app.workers_started
        await until(pilot, lambda: not worker.is_live)
        await until(pilot, lambda: "127.0.0.1:9" in worker.trouble and "127.0.0.1:9" in app.export_screenshot())
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))


async def test_a_key_that_would_stop_a_solve_has_to_be_pressed_twice(bench: Bench) -> None:
    app = made(model=bench.model(delay_s=30))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        (worker,) = app.workers_started
        await until(pilot, lambda: worker.state.asked)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen) and worker.is_live
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert worker.wait(60)
        await until(pilot, lambda: list_runs(bench.folder))
        await pilot.press("f5", "tab", "r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert len(app.workers_started) == 2
    assert len(list_runs(bench.folder)) == 1
    app.workers_started[1].close()
    assert app.workers_started[1].wait(60)


@pytest.mark.parametrize("text", ["home.new", "=x", "home.new="])
def test_a_key_that_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not ID=KEY"):
        TuiOptions(keys=text)


async def test_a_copy_goes_to_the_terminal_and_to_a_file_that_is_named(tmp_path: Path) -> None:
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("y")
        await pilot.pause()
        path = tmp_path / "copied.txt"
        assert path.read_text() == app.clipboard and path.read_text().startswith("Read one line of numbers")
        assert str(path) in " ".join(notice.message for notice in app._notifications)
        app.copy_to_clipboard("\ud800 lone")
        assert path.read_text() == "? lone"


async def test_a_task_becomes_the_command_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pager" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "pager")
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        assert "repository pager" in shown(app, "#machine")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TaskScreen))
        app.screen.query_one(Input).value = "it's one line short"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert app.clipboard == """cure-agent 'it'"'"'s one line short'"""


async def test_the_palette_has_the_commands_of_the_screen() -> None:
    app = made()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert {"New problem", "Model", "Jump", "Theme"} <= {*titles}


def test_the_model_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(None) == Solver("micro", False)
    assert configured("openai:c") == Solver("openai:c", True)
    monkeypatch.setenv("CURE_AGENT_SOLVE_CODER", "openai:a")
    monkeypatch.setenv("CURE_AGENT_SOLVE_TESTER", "openai:b")
    assert configured(None) == Solver("openai:a and openai:b", True)
