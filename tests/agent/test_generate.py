"""Runs of `debug` in which the coder writes a generator of inputs: choice, record, `why`, resume and replay."""

from __future__ import annotations

import json

import pytest

from agent.runs.store import EVENTS
from tests.agent.conftest import Desk
from tests.end_to_end.conftest import RIGHT, TESTS

pytestmark = pytest.mark.usefixtures("at_once")

DIFFER = [RIGHT.replace("a + b", "a + b if a < 3 else 7"), RIGHT.replace("a + b", "a + b if b < 5 else 8")]
"""Two programs that are right on the examples and tests, and differ elsewhere."""
GENERATOR = "```python\ndef generate(seed):\n    return f'{-5000 - seed} {-6000}' if seed % 2 else 'x'\n```"
LONG = ["The inputs are two integers. " * 500 + text for text in TESTS]
"""Answers with many tokens, so that a generator is a small part of them."""
DEBUG = (
    "-n",
    2,
    "-m",
    2,
    "--strategy",
    "debug",
    "--rounds",
    2,
    "--new-inputs",
    8,
    "--confident",
    1,
    "--first-share",
    1,
)


def undecided(desk: Desk, *more: object, generator: str = GENERATOR) -> None:
    """A run with two programs that do the same on all tests, and differ on new inputs made without a model."""
    model = desk.script(coder=DIFFER, tester=[LONG[0], LONG[2]], generator=[generator])
    desk.solve("--model", model, *DEBUG, *more)


def test_programs_left_undecided_by_inputs_made_without_a_model_run_on_inputs_of_a_generator(desk: Desk) -> None:
    undecided(desk)
    run = desk.newest
    assert [each.action for each in run.state.decisions.values()] == ["explore", "generate", "distinguish", "finish"]
    generated = {name: run.blob(test.stdin) for name, test in run.state.tests.items() if "generator" in test.how}
    assert len(generated) > 3 and "x\n" in generated.values()
    assert set(run.table().malformed) == {name for name, text in generated.items() if text == "x\n"}
    asked = run.state.asked["generator/3"]
    assert (asked.role, asked.n, asked.gives) == ("coder", 1, "generator")
    assert run.state.wanted == {"coder": 2, "tester": 4} == run.state.answers
    shown = " ".join(desk.run("why").stdout.split())
    assert f"made by a generator of the coder: {len(generated)}" in shown and "tried the inputs of a generator" in shown


def test_a_generator_costs_a_tenth_of_the_tokens_at_most(desk: Desk) -> None:
    undecided(desk, generator="# a long remark\n" * 2000 + GENERATOR)
    state = desk.newest.state
    (sample,) = state.samples["generator/3"].values()
    cost = sample.prompt_tokens + sample.completion_tokens
    assert sample.finish == "length" and cost <= 0.1 * (state.tokens - cost)


def test_a_generator_is_asked_for_neither_where_it_is_off_nor_where_too_few_tokens_are_spent(desk: Desk) -> None:
    undecided(desk, "--no-generator")
    assert "generate" not in [each.action for each in desk.newest.state.decisions.values()]
    desk.solve("--model", desk.script(coder=DIFFER, tester=[TESTS[0], TESTS[2]]), *DEBUG)
    assert "generate" not in [each.action for each in desk.newest.state.decisions.values()]


def test_a_run_with_a_generator_is_replayed_and_resumed_to_the_same_end_from_any_event(desk: Desk) -> None:
    undecided(desk)
    assert desk.run("replay").code == 0
    folder, expected = desk.newest.folder, desk.newest.state
    lines = (folder / EVENTS).read_text().splitlines(keepends=True)
    begins = next(at for at, line in enumerate(lines) if json.loads(line).get("gives") == "generator")
    for cut in (begins, begins + 1, begins + 2, begins + 3, begins + 6, len(lines) - 2):
        (folder / EVENTS).write_text("".join(lines[:cut]))
        assert desk.run("replay").code == 0, cut
        done = desk.run("resume", "--sandbox", "none")
        state = desk.newest.state
        assert state.tests == expected.tests, (cut, done.stderr)
        assert state.rankings == expected.rankings and state.cells.keys() == expected.cells.keys()
        events = [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]
        assert sum(event["type"] == "ran" for event in events) == 1


def test_a_tester_that_gave_no_test_is_not_asked_alone_and_does_not_end_the_run(desk: Desk) -> None:
    model = desk.script(coder=DIFFER)
    path = desk.folder / "answers.json"
    dead = {"key": "tester/*", "completions": [{"error": "refused"}], "repeat": True}
    path.write_text(json.dumps([*json.loads(path.read_text()), dead]))
    done = desk.solve("--model", model, *DEBUG)
    assert done.code in (0, 1), done.stderr
    assert "distinguish" not in [each.action for each in desk.newest.state.decisions.values()]
