"""The screen of a run that goes on: cells arrive, the run is paused and stopped, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.runs.events import Event
from agent.runs.record import read_blob, timed_events
from agent.runs.state import RunState
from tests.tui.runs import REPAIRED, UNSURE, Shown
from tui.screens.run import RunScreen
from tui.sources.source import Controls
from tui.widgets.log_pane import LogPane
from tui.widgets.program_pane import ProgramPane
from tui.widgets.run_head import RunHead


class Switch:
    """Controls that note what they were told."""

    def __init__(self) -> None:
        self.is_paused = False
        self.stopped = False

    def pause(self) -> None:
        self.is_paused = True

    def go_on(self) -> None:
        self.is_paused = False

    def stop(self) -> None:
        self.stopped = True


class Growing:
    """A recorded run that is told event by event, as if it were under way."""

    trouble = ""

    def __init__(self, folder: Path, controls: Controls | None = None) -> None:
        self._folder = folder
        self.name, self.controls, self.state = folder.name, controls, RunState()
        self.waiting: list[tuple[float, Event]] = []
        self.is_live, self.closed, self.polls = True, False, 0

    def tell(self, events: Sequence[tuple[float, Event]]) -> None:
        """Let the next poll find these events."""
        self.waiting += events

    def text(self, blob: str) -> str:
        return read_blob(self._folder, blob)

    def poll(self) -> bool:
        self.polls += 1
        new, self.waiting = self.waiting, []
        for at, event in new:
            self.state.fold(event, at)
        return bool(new)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.mark.parametrize("folder", [UNSURE, REPAIRED], ids=["real", "repairs"])
async def test_a_run_is_followed_to_its_end(folder: Path) -> None:
    events = timed_events(folder)
    source = Growing(folder)
    screen = RunScreen(source)
    async with Shown(screen).run_test(size=(200, 60)) as pilot:
        assert "No candidates yet" in "".join(screen.grid.render_line(0).text)
        for start in range(0, len(events), 40):
            source.tell(events[start : start + 40])
            await asyncio.sleep(0.08)
        source.is_live = False
        for _ in range(100):
            await pilot.pause(0.05)
            if len(screen.query_one(LogPane)._lines) == len(events):
                break
        await pilot.pause(0.2)
        assert len(screen.grid.view.rows) == len(source.state.candidates)
        assert screen.grid.view.executed == len(source.state.cells)
        assert all(row.behaviour is not None for row in screen.grid.view.rows)
        assert "low confidence" in str(screen.query_one(RunHead).render())
        assert "print" in str(screen.query_one(ProgramPane)._shown)
        polls = source.polls
        await asyncio.sleep(0.3)
        assert source.polls == polls, "an ended run is not polled"
    assert source.closed


async def test_a_live_run_is_paused_goes_on_and_is_stopped() -> None:
    switch = Switch()
    source = Growing(UNSURE, switch)
    source.tell(timed_events(UNSURE)[:60])
    screen = RunScreen(source)
    app = Shown(screen)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("p")
        assert switch.is_paused and "paused" in str(screen.query_one(RunHead).render())
        await pilot.press("p")
        assert not switch.is_paused and "paused" not in str(screen.query_one(RunHead).render())
        await pilot.press("s")
        assert switch.stopped and "stopped as soon as" in app.notes()


async def test_keys_without_a_meaning_for_the_source_do_nothing() -> None:
    source = Growing(UNSURE)
    source.tell(timed_events(UNSURE)[:60])
    screen = RunScreen(source)
    async with Shown(screen).run_test(size=(100, 30)) as pilot:
        shown = {binding.binding.id for binding in screen.active_bindings.values() if binding.enabled}
        assert "run.pause" not in shown and "run.back" not in shown and "run.why" in shown
        await pilot.press("p", "s", "[", "home")
        assert len(source.state.recorded) == 60


async def test_trouble_of_the_source_is_said_instead_of_the_state() -> None:
    source = Growing(UNSURE)
    source.tell(timed_events(UNSURE)[:60])
    source.trouble = "the run's folder is gone"
    screen = RunScreen(source)
    async with Shown(screen).run_test(size=(100, 30)):
        assert "the run's folder is gone" in str(screen.query_one(RunHead).render())
