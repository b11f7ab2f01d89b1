"""Colours are never the only sign, and themes for the terminal's own palette use nothing else."""

from __future__ import annotations

import pytest
from rich.color import ColorType

from agent.show.grid import ASCII, UNICODE, Glyphs
from tests.tui.runs import UNSURE, Shown, opened, run_screen
from tui.views.table import table_view
from tui.widgets.grid_layout import grid_layout


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_themes_of_the_terminals_palette_use_no_colour_of_their_own(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    app = Shown(run_screen(UNSURE), theme)
    async with app.run_test(size=(200, 60)) as pilot:
        for keys in (("down", "right"), ("d",), ("e",), ("escape", "w", "space")):
            await pilot.press(*keys)
            await pilot.pause()
            segments = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
            colours = {colour for each in segments if each.style for colour in (each.style.color, each.style.bgcolor)}
            assert len(colours) > 3
            own = [colour for colour in colours if colour is not None and colour.type is ColorType.TRUECOLOR]
            assert own == []


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_kind_of_mark_has_a_shape_of_its_own(glyphs: Glyphs) -> None:
    source, _, found = opened(UNSURE)
    marks = table_view(source.state, found, glyphs=glyphs).marks.values()
    shapes: dict[str, set[str]] = {}
    for mark in marks:
        shapes.setdefault(mark.kind, set()).add(mark.glyph)
    assert set(shapes) == {"passed", "wrong", "failed"}
    assert not shapes["passed"] & shapes["wrong"] and not (shapes["passed"] | shapes["wrong"]) & shapes["failed"]


def test_candidates_that_behave_alike_have_the_same_letter() -> None:
    source, _, found = opened(UNSURE)
    view = table_view(source.state, found)
    letters = [title.split()[-2] for title in grid_layout(view).titles]
    behaviours = [row.behaviour for row in view.rows]
    assert len(set(letters)) == len(set(behaviours)) == len(set(zip(letters, behaviours, strict=True)))


def test_ascii_terminals_get_ascii_only() -> None:
    source, _, found = opened(UNSURE)
    layout = grid_layout(table_view(source.state, found, glyphs=ASCII), ascii_only=True)
    assert all(text.isascii() for text in (*layout.titles, *layout.labels, layout.headings, layout.bars))
