"""Names, programs and outputs of any kind change nothing on the screen but their own place."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from agent.runs.events import Asked, CandidateAdded, Executed, RankedRound, Result, Started, TestAdded
from agent.runs.state import RunState
from tests.tui.runs import Shown
from tui.screens.run import RunScreen
from tui.screens.why import WhyScreen
from tui.views.plain import fitted, one_line, shown_lines
from tui.widgets.log_pane import LogPane
from tui.widgets.program_pane import ProgramPane

HOSTILE = [
    "[/red]",
    "[bold]loud[/bold] [@click=app.quit]x[/]",
    "[red",
    "$accent \\[",
    "\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07",
    "a\x00b\x07\x08\x7f\x9b31m",
    "\u202eright to left\u202c \u2066x\u2069 שלום",
    "👩‍👩‍👧‍👦 🏳️‍🌈 ✌🏽 ｗｉｄｅ 漢字",
    "e\u0301" + "\u0300" * 50 + "\u200b\u200d\ufeff",
    "tab\tnew\nline\r\nreturn\rend\u2028sep\x85",
    "\ud800 lone",
    "x" * 1_000_000,
    "\n" * 100_000,
    "",
    " ",
]
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Held:
    """A live run that is held in memory; a blob is its own name."""

    is_live, controls = False, None

    def __init__(self, state: RunState, trouble: str = "") -> None:
        self.state, self.name, self.trouble = state, "run", trouble

    def text(self, blob: str) -> str:
        return blob

    def poll(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is held."""


def hostile_state(text: str, name: str = "c2") -> RunState:
    """A run of three candidates; program, input, outputs and errors of the second, and other texts, are the given one,
    `name` is its name.
    """
    state = RunState()
    state.fold(Started(problem="{}", name=text, settings={}, isolation=text))
    state.fold(Asked(key="coder/1", role="coder", prompt=text, n=3, first=0, seed=0, round=1))
    for index, each in enumerate(("c1", name, "c3")):
        source = text if each == name else "print(1)"
        state.fold(
            CandidateAdded(name=each, source=source, origin="sampled", parent=None, round=1, key="coder/1", index=index)
        )
    for test, expected in (("e1", "1"), ("t1", text)):
        origin = "public" if test == "e1" else "generated"
        state.fold(TestAdded(name=test, stdin=text, expected=expected, origin=origin))
        for each in ("c1", name, "c3"):
            state.fold(
                Executed(
                    candidate=each,
                    test=test,
                    verdict="ok",
                    passed=each != name and test == "e1",
                    stdout=text if each == name else "1",
                    stderr_tail=text[:2000],
                    reason=text[:200],
                    cpu_s=0.1,
                    peak_memory_kb=1,
                )
            )
    state.fold(
        RankedRound(
            round=1,
            selector="agreement",
            score_names=["s"],
            ranking=[("c1", [2.0]), (name, [1.0]), ("c3", [0.0])],
            probability={"c1": 0.6, name: 0.2, "c3": 0.1},
            unsolved=0.1,
            validity={"e1": 1.0, "t1": 0.4},
            hypotheses=[],
        )
    )
    state.fold(
        Result(
            status="low_confidence", exit_code=1, candidate="c1", confidence=0.6, why=text[:5000], tokens=1, seconds=1
        )
    )
    return state


def lines_of(app: Shown) -> list[str]:
    """The text of each line of the screen."""
    strips = app.screen._compositor.render_strips()
    return [strip.text for strip in strips]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("size", [(60, 20), (200, 60)], ids=["small", "large"])
async def test_no_text_of_a_model_breaks_the_screen(text: str, size: tuple[int, int]) -> None:
    screen = RunScreen(Held(hostile_state(text), text[:300]))
    app = Shown(screen)
    async with app.run_test(size=size) as pilot:
        screen.grid.focus_cell("c2", "t1")
        for key in ("2", "d", "3", "4", "5", "6", "1"):
            await pilot.press(key)
            shown = lines_of(app)
            assert len(shown) == size[1] and all(cell_len(line) == size[0] for line in shown)
            assert not HIDDEN.search("".join(shown))
        await pilot.press("w", "space", "y")
        assert isinstance(app.screen, WhyScreen)
        assert all(cell_len(line) == size[0] for line in lines_of(app))


@pytest.mark.parametrize("name", [each for each in HOSTILE if len(each) < 1000 and "\ud800" not in each])
async def test_a_name_changes_only_its_own_place(name: str) -> None:
    rows = []
    for each in ("c2", name):
        screen = RunScreen(Held(hostile_state("print(2)", each)))
        app = Shown(screen)
        async with app.run_test(size=(200, 60)):
            grid = screen.grid
            width = grid._plan.title_width
            drawn = [grid.render_line(y) for y in range(grid.size.height)]
            assert {line.cell_length for line in drawn} == {grid.size.width}
            rows.append([line.crop(width).text.rstrip() for line in drawn])
    assert rows[0] == rows[1]


async def test_long_texts_are_cut_and_say_so() -> None:
    screen = RunScreen(Held(hostile_state("y" * 1_000_000)))
    async with Shown(screen).run_test(size=(200, 60)):
        screen.grid.focus_cell("c2")
        await asyncio.sleep(0.1)
        shown = str(screen.query_one(ProgramPane)._shown)
        assert len(shown) < 2_000 and "999600 more characters" in shown


async def test_the_log_keeps_its_last_lines_only() -> None:
    screen = RunScreen(Held(hostile_state("x")))
    async with Shown(screen).run_test(size=(200, 60)):
        log = screen.query_one(LogPane)
        for start in range(0, 10_000, 500):
            log.add([f"line {number}" for number in range(start, start + 500)])
        assert log.copied.split("\n") == [f"line {number}" for number in range(8_000, 10_000)]


@given(st.text(max_size=60), st.integers(min_value=0, max_value=40))
def test_any_text_is_fitted_to_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fitted(text, width)) == width
    assert all(cell_len(each) > 0 for each in one_line(text))


@given(st.text(max_size=200))
def test_short_texts_lose_no_line(text: str) -> None:
    assert len(shown_lines(text)) == len(text.replace("\r\n", "\n").removesuffix("\n").split("\n"))
