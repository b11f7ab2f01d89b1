"""CPU time that a frame of the execution table takes, beside Textual's DataTable on the same work.

    python -m benchmarks.tui_frames [--frames 40]

A frame changes every cell of the table, makes the view of the state, shows it, and waits until it is drawn, headless,
on 120 x 40 cells. Then the table is left alone for some seconds. Last, a screen follows a run of 100,000 events.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import time
import tracemalloc
from collections.abc import Callable
from itertools import cycle

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from agent.runs.events import CandidateAdded, Decided, Executed, Started, TestAdded
from agent.runs.state import RunState
from tui.screens.run import RunScreen
from tui.views.reading_table import TableReader
from tui.views.table import findings, table_view
from tui.widgets.execution_grid import ExecutionGrid

SCREEN = (120, 40)
VERDICTS = cycle([("ok", True), ("ok", False), ("crash", False), ("timeout", False), ("ok", True)])
EVENTS = 100_000


def text(blob: str) -> str:
    """The text of a blob of the made run: its name."""
    return blob


def started() -> Started:
    """The start of a made run."""
    return Started(problem="{}", name="made", settings={}, isolation="none")


def executed(candidate: str, test: str) -> Executed:
    """An execution with another outcome than the last one."""
    verdict, passed = next(VERDICTS)
    return Executed(
        candidate=candidate,
        test=test,
        verdict=verdict,
        passed=passed,
        stdout="1" if passed else "0",
        stderr_tail="",
        reason="",
        cpu_s=0.01,
        peak_memory_kb=9000,
    )


def made(rows: int, columns: int) -> RunState:
    """The state of a run with this many candidates and tests, none executed."""
    state = RunState().fold(started())
    for i in range(rows):
        state.fold(
            CandidateAdded(name=f"c{i}", source=f"s{i}", origin="sampled", parent=None, round=1, key="", index=i)
        )
    for i in range(columns):
        state.fold(TestAdded(name=f"t{i}", stdin=f"in{i}", expected="1", origin="generated", index=i))
    return state


def change(state: RunState) -> None:
    """Execute every cell again, with another outcome."""
    for candidate in state.candidates:
        for test in state.tests:
            state.cells[candidate, test] = executed(candidate, test)


class Frames(App[None]):
    """An app with one widget."""

    def __init__(self, widget: ExecutionGrid | DataTable[str]) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self.widget


async def cpu_ms(frame: Callable[[], None], frames: int) -> float:
    """CPU milliseconds of a frame: the lower quartile, since other processes disturb the rest."""
    spent = []
    for _ in range(frames):
        gc.collect()
        before = time.process_time()
        frame()
        await asyncio.sleep(0.06)
        spent.append(1000 * (time.process_time() - before))
    return sorted(spent)[len(spent) // 4]


async def grid(rows: int, columns: int, frames: int) -> tuple[float, float, float]:
    """CPU milliseconds of a frame with its view, of drawing alone, and of the findings about the table."""
    state, reader = made(rows, columns), TableReader(text)
    change(state)
    found = findings(state, reader.table(state))
    app = Frames(ExecutionGrid())
    async with app.run_test(size=SCREEN):
        widget = app.query_one(ExecutionGrid)
        views = []
        for _ in range(4):
            change(state)
            views.append(table_view(state, found))
        turn = cycle(views)
        drawn = await cpu_ms(lambda: widget.show(next(turn)), frames)
        whole = await cpu_ms(lambda: widget.show(table_view(state, found)), frames)
    before = time.process_time()
    findings(state, reader.table(state))
    return whole, drawn, 1000 * (time.process_time() - before)


async def data_table(rows: int, columns: int, frames: int) -> float:
    """CPU milliseconds of a frame of a DataTable whose cells all change."""
    widget: DataTable[str] = DataTable()
    app = Frames(widget)
    async with app.run_test(size=SCREEN):
        widget.add_columns(*(f"t{i}" for i in range(columns)))
        keys = [widget.add_row(*" " * columns, label=f"c{i}") for i in range(rows)]
        names = list(widget.columns)
        glyphs = cycle("●·!T●")

        def frame() -> None:
            for key in keys:
                for name in names:
                    widget.update_cell(key, name, next(glyphs))

        return await cpu_ms(frame, max(3, frames // 8))


async def idle(rows: int, columns: int, seconds: float) -> float:
    """Share of a core that a followed run takes while nothing happens."""
    source = MadeSource(made(rows, columns))
    change(source.state)
    app = Following(source)
    async with app.run_test(size=SCREEN):
        await asyncio.sleep(1)
        before = time.process_time()
        await asyncio.sleep(seconds)
        return (time.process_time() - before) / seconds


class MadeSource:
    """A live run whose events are made here."""

    name, is_live, controls, trouble = "made", True, None, ""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.is_new = True

    def text(self, blob: str) -> str:
        """The name of the blob."""
        return blob

    def poll(self) -> bool:
        """Whether something was made since the last call."""
        new, self.is_new = self.is_new, False
        return new

    def close(self) -> None:
        """Nothing is held."""


class Following(App[None]):
    """An app that follows a made run."""

    def __init__(self, source: MadeSource) -> None:
        super().__init__()
        self.source = source

    def on_mount(self) -> None:
        """Show the run."""
        self.push_screen(RunScreen(self.source))


async def memory(events: int) -> tuple[float, float]:
    """MB that Python holds besides the run's own state after a tenth of the events, and after all of them."""
    source = MadeSource(made(16, 32))
    app = Following(source)
    held = []
    async with app.run_test(size=SCREEN):
        places = cycle([(c, t) for c in source.state.candidates for t in source.state.tests])
        tracemalloc.start()
        for number in range(1, events + 1):
            source.state.fold(executed(*next(places)), number)
            if number % 1000 == 0:  # the state keeps the events since the last decision
                source.state.fold(Decided(round=1, action="more", why="made"), number)
            if number % 100 == 0:
                source.is_new = True
                await asyncio.sleep(0.06 if number % 5000 == 0 else 0)
            if number in (events // 10, events):
                await asyncio.sleep(0.3)
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0] / 1e6)
        tracemalloc.stop()
    return held[0], held[1]


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    for rows, columns in ((16, 32), (64, 128)):
        whole, drawn, found = asyncio.run(grid(rows, columns, asked.frames))
        other = asyncio.run(data_table(rows, columns, asked.frames))
        print(
            f"{rows} x {columns}: {whole:.1f} ms CPU a frame ({drawn:.1f} of them drawing), behaviours {found:.1f} ms; "
            f"DataTable {other:.0f} ms"
        )
    print(f"idle: {asyncio.run(idle(16, 32, asked.seconds)):.2%} of a core")
    early, late = asyncio.run(memory(EVENTS))
    print(f"memory: {early:.1f} MB after {EVENTS // 10:,} events, {late:.1f} MB after {EVENTS:,}")


if __name__ == "__main__":
    main()
