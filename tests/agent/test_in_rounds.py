"""The first samples are drawn in parts, which together give the table that drawing at once gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import RecordedRun
from agent.solve.effort import PRESETS, effort_table
from agent.solve.moves.draw import Draw
from agent.solve.reading import read
from agent.solve.settings import SolveOptions, SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies import strategy
from agent.solve.strategies.in_rounds import in_rounds
from cure.problem.file import load_problems
from cure.select import rank_by_agreement
from tests.agent.conftest import Desk
from tests.agent.seeded import SeededEngine
from tests.cure.tables import draw
from tests.end_to_end.conftest import PROGRAMS, RIGHT, SUM, TESTS, WRONG
from tests.engines.faulty_server import FaultyServer

SIZE = ("-n", 8, "-m", 8, "--rounds", 1)


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[tuple[SeededEngine, str]]:
    path = tmp_path / "seeded.json"
    path.write_text(json.dumps(SUM))
    engine = SeededEngine(load_problems(str(path))[0], [WRONG, RIGHT, WRONG], TESTS, [WRONG])
    with FaultyServer(engine, "seeded") as server:
        yield engine, server.url("ok", model="seeded")


def samples(run: RecordedRun) -> dict[str, tuple[str, str]]:
    """Role and text of every candidate and test by its name."""
    state = run.state
    return {
        name: (state.asked[added.key].role, run.blob(state.samples[added.key][added.index].text))
        for name, added in [*state.candidates.items(), *state.tests.items()]
        if added.key
    }


def test_parts_draw_the_samples_that_are_drawn_at_once(desk: Desk, seeded: tuple[SeededEngine, str]) -> None:
    engine, model = seeded
    sure = ("--confident", 1, "--min-gain", 0)
    desk.solve("--model", model, *SIZE, *sure, "--first-share", 1)
    at_once, asked = samples(desk.newest), sorted(engine.asked)
    engine.asked.clear()
    desk.solve("--model", model, *SIZE, *sure)
    assert samples(desk.newest) == at_once
    assert sorted(engine.asked) == asked, "with the same seeds"
    assert [decided.action for decided in desk.newest.state.decisions.values()] == ["draw", "finish"]
    assert list(desk.newest.state.asked) == ["coder/1", "tester/1", "coder/1.3", "tester/1.3"]
    assert desk.run("replay").code == 0


def test_a_run_that_was_killed_between_parts_draws_the_rest(desk: Desk, seeded: tuple[SeededEngine, str]) -> None:
    engine, model = seeded
    desk.solve("--model", model, *SIZE, "--confident", 1, "--min-gain", 0)
    whole, path = samples(desk.newest), desk.newest.folder / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if '"type": "sampled"' in line)
    path.write_text("".join(lines[:last]))
    engine.asked.clear()
    assert desk.run("resume", "--sandbox", "none").code in (0, 1)
    assert samples(desk.newest) == whole
    assert len(engine.asked) == 1, "one sample was missing"


def test_programs_alone_are_drawn_while_none_passes_the_examples(desk: Desk) -> None:
    desk.solve("--model", desk.script(coder=[WRONG], tester=TESTS), *SIZE)
    assert desk.newest.state.wanted == {"coder": 8, "tester": 3}


def test_drawing_ends_once_the_answer_is_verified(desk: Desk) -> None:
    done = desk.solve("--model", desk.script(coder=[RIGHT], tester=TESTS), "-n", 16, "-m", 16, "--confident", 0.6)
    assert done.code == 0, done.stderr
    assert desk.newest.state.wanted == {"coder": 6, "tester": 6}


def test_greedy_decoding_draws_no_second_sample(desk: Desk) -> None:
    desk.solve("--model", desk.script(coder=[WRONG], tester=TESTS), *SIZE, "--temperature", 0)
    assert desk.newest.state.wanted == {"coder": 1, "tester": 1}


def test_a_share_of_one_samples_everything_at_once(desk: Desk) -> None:
    desk.solve("--model", desk.script(coder=PROGRAMS, tester=TESTS), *SIZE, "--first-share", 1)
    assert {asked.round for asked in desk.newest.state.asked.values()} == {1}
    assert desk.newest.state.wanted == {"coder": 8, "tester": 8}


def test_the_best_of_n_of_the_paper_draws_everything_at_once(desk: Desk) -> None:
    desk.solve("--model", desk.script(coder=[WRONG], tester=TESTS), *SIZE, "--strategy", "cure")
    assert desk.newest.state.wanted == {"coder": 8, "tester": 8}


def test_parts_are_no_rounds_and_come_before_moves_that_ask_models() -> None:
    doubtful = read(draw("a.", "b.", trusted=1), rank_by_agreement)
    for name in ("repair-first", "debug"):
        decide = in_rounds(strategy(name))
        more = decide([doubtful], SolveSettings(), Left(rounds=0, programs=2, tests=2))
        assert isinstance(more, Draw) and (more.programs, more.tests) == (6, 0)
        after = decide([doubtful] * 4, SolveSettings(), Left(rounds=2, programs=8, tests=2, draws=frozenset({2, 3, 4})))
        assert "brought nothing new" not in after.why


def test_what_is_not_worth_its_price_is_not_sampled_and_the_reason_is_given() -> None:
    likely = read(draw("..", "..", "..", trusted=1), rank_by_agreement)
    left = Left(rounds=2, programs=3, tests=3)
    move = in_rounds(strategy("repair-first"))([likely], SolveSettings(confident=1, min_gain=0.05), left)
    assert move.name == "finish"
    assert move.why == "the best of 3 programs by 3 tests is taken: a further sample gains less than 0.05"


def test_medium_has_the_defaults_and_levels_grow() -> None:
    defaults = SolveOptions().model_dump()
    assert PRESETS["medium"].items() <= defaults.items()
    for key in PRESETS["medium"]:
        values = [preset[key] for preset in PRESETS.values()]
        assert values == sorted(values, reverse=key == "min_gain")


def test_the_page_has_the_table_of_levels() -> None:
    page = (Path(__file__).parents[2] / "docs" / "solve.md").read_text()
    assert effort_table() in page, f"docs/solve.md lacks:\n{effort_table()}"


def test_a_level_sets_what_is_not_given(desk: Desk) -> None:
    model = desk.script(coder=[RIGHT], tester=TESTS)
    desk.solve("--model", model, "--effort", "low", "-m", 3)
    settings = desk.newest.started.settings
    assert settings["effort"] == "low"
    assert {key: settings[key] for key in PRESETS["low"]} == PRESETS["low"] | {"m": 3}


def test_an_unknown_level_is_refused_in_one_line(desk: Desk) -> None:
    done = desk.solve("--model", "micro", "--effort", "huge")
    assert done.code == 2
    assert "'huge' is not one of 'low', 'medium', 'high', 'max'" in done.stderr
