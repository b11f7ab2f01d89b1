"""Screens as pictures, in three sizes and three themes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.tui.pictures import compare
from tests.tui.runs import REPAIRED, SURE, UNSURE, Shown, run_screen
from tui.screens.compare import CompareScreen
from tui.sources.recorded import RecordedSource

SIZES = {"small": (60, 20), "medium": (100, 30), "large": (200, 60)}
THEMES = {"dark": "textual-dark", "light": "textual-light", "ansi": "ansi-dark"}
EACH = pytest.mark.parametrize(("size", "theme"), [(size, theme) for size in SIZES for theme in THEMES])


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No animations, no time zone, no colour setting of the machine."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()


@EACH
async def test_a_run(size: str, theme: str) -> None:
    app = Shown(run_screen(UNSURE), THEMES[theme])
    async with app.run_test(size=SIZES[size]) as pilot:
        await pilot.press("down", "right", "right", "right")
        await compare(pilot, f"run-{size}-{theme}")


@EACH
async def test_why_with_a_test_left_out(size: str, theme: str) -> None:
    app = Shown(run_screen(UNSURE), THEMES[theme])
    async with app.run_test(size=SIZES[size]) as pilot:
        await pilot.press("w", "down", "space")
        await compare(pilot, f"why-{size}-{theme}")


@EACH
async def test_two_runs(size: str, theme: str) -> None:
    app = Shown(CompareScreen(RecordedSource(UNSURE), RecordedSource(SURE)), THEMES[theme])
    async with app.run_test(size=SIZES[size]) as pilot:
        await compare(pilot, f"compare-{size}-{theme}")


@pytest.mark.parametrize("part", ["program", "test", "ranking", "budget", "log"])
async def test_each_part_of_a_run_on_a_small_screen(part: str) -> None:
    screen = run_screen(REPAIRED)
    app = Shown(screen)
    async with app.run_test(size=SIZES["small"]) as pilot:
        await pilot.press("down", "right", "d")
        screen.action_pane(part)
        await compare(pilot, f"part-{part}")


async def test_a_run_that_just_began() -> None:
    app = Shown(run_screen(UNSURE))
    async with app.run_test(size=SIZES["large"]) as pilot:
        await pilot.press("home")
        await compare(pilot, "run-began")


async def test_a_run_on_a_terminal_with_ascii_only() -> None:
    app = Shown(run_screen(REPAIRED, ascii_only=True))
    async with app.run_test(size=SIZES["medium"]) as pilot:
        await compare(pilot, "run-ascii")


def test_no_picture_is_stored_that_no_test_compares() -> None:
    names = {f"{screen}-{size}-{theme}" for screen in ("run", "why", "compare") for size in SIZES for theme in THEMES}
    names |= {f"part-{part}" for part in ("program", "test", "ranking", "budget", "log")} | {"run-began", "run-ascii"}
    stored = {path.stem for path in Path(__file__).with_name("snapshots").glob("*.svg")}
    assert stored >= names
