"""The strategies of other papers, end to end: what they ask for, what they choose, and that their records are replayed
and resumed without asking anything twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from agent import RecordedRun, load_run
from agent.runs.store import EVENTS
from cure.problem.file import load_problems
from tests.agent.conftest import Desk
from tests.agent.seeded import SeededEngine
from tests.end_to_end.conftest import RIGHT, SUM, TESTS, WRONG
from tests.end_to_end.conftest import tester_answer as a_test
from tests.engines.faulty_server import FaultyServer

PIPELINES = ("mpsc", "alphacodium", "s-star", "agentic-tests")
SPECIFICATION = """```python
def precondition(given):
    return len(given.split()) == 2

def postcondition(given, printed):
    return int(printed) == sum(map(int, given.split()))
```"""
NEAR = RIGHT.replace("a + b", "a + b if a < 3 else 7")
"""A program that is right where a < 3, as in the examples, and wrong on nearly all other inputs."""
INPUTS = "Here they are.\n```\n5 6\n```\nand\n```\n9 9\n```\n"


def actions(run: RecordedRun) -> list[str]:
    """The moves that the strategy decided on after the first."""
    return [decided.action for decided in run.state.decisions.values()]


def texts(run: RecordedRun, key: str) -> list[str]:
    """The answers to a request for texts."""
    return [run.blob(sample.text) for sample in run.state.samples[key].values()]


def answer(run: RecordedRun) -> str:
    """The chosen program, as a fenced block."""
    program = run.outcome().program
    assert program is not None
    return f"```python\n{program.strip()}\n```"


def test_mpsc_takes_the_program_that_specifications_hold_for_although_fewer_tests_do(desk: Desk) -> None:
    wrong = [a_test("5 6", "7"), a_test("8 8", "7"), a_test("2 2", "4")]
    model = desk.script(coder=[NEAR, NEAR, RIGHT], tester=wrong, specification=[SPECIFICATION])
    desk.solve("--model", model, "-n", 3, "-m", 3, "--strategy", "cure")
    assert answer(desk.newest) == NEAR
    desk.solve("--model", model, "-n", 3, "-m", 3, "--strategy", "mpsc")
    run = desk.newest
    assert actions(run) == ["specify", "finish"]
    assert texts(run, "specification/2") == [SPECIFICATION] * 3
    assert run.state.weighed is not None and run.state.weighed.by == "consistency"
    scores = run.state.weighed.scores
    assert scores["c1"] == scores["c2"]
    ran = [event for _, event in run.state.recorded.values() if event.type == "ran"]
    assert len(ran) == 1 and set(run.blob(ran[0].stdout)) == {"0", "1"}


def test_alphacodium_reflects_and_keeps_a_repair_that_breaks_no_anchor(desk: Desk) -> None:
    breaks = WRONG.replace("a * b + 1", "11")
    model = desk.script(
        coder=[NEAR],
        tester=[a_test("5 6", "11"), a_test("3 4", "7"), a_test("8 1", "9")],
        repair=[breaks, RIGHT],
        reflection=["Add both."],
        solutions=["Read two integers and add."],
    )
    path = desk.folder / "answers.json"
    entries = json.loads(path.read_text())
    path.write_text(json.dumps([{**each, "key": each["key"].replace("/*", "*")} for each in entries]))
    desk.solve("--model", model, "-n", 2, "-m", 3, "--strategy", "alphacodium")
    run = desk.newest
    assert actions(run)[:3] == ["write", "mend", "mend"]
    assert "Add both." in run.blob(run.state.asked["solutions"].prompt)
    assert "Texts, shown by --text KEY: reflection (coder), solutions (coder)." in " ".join(
        desk.run("why").stdout.split()
    )
    assert "Add both." in desk.run("why", "--text", "reflection").stdout
    assert desk.run("why", "--text", "x").code == 2
    assert "Read two integers and add." in run.blob(run.state.asked["coder/plan"].prompt)
    assert answer(run) == RIGHT
    # The first repair passes the test it was made for and fails both examples: the second repairs the same program.
    asked = [each for each in run.state.asked.values() if each.key.startswith("repair/")]
    assert len({each.parent for each in asked[:2]}) == 1


def test_alphacodium_goes_on_without_a_plan_and_where_the_coder_declines(desk: Desk) -> None:
    model = desk.script(coder=[NEAR], tester=[a_test("5 6", "11")], repair=["The program is right."])
    path = desk.folder / "answers.json"
    thinking = [{"key": "reflection", "text": "Add."}, {"key": "solutions", "completions": [{"error": "too long"}]}]
    path.write_text(json.dumps([*json.loads(path.read_text()), *thinking]))
    desk.solve("--model", model, "-n", 1, "-m", 1, "--strategy", "alphacodium")
    run = desk.newest
    assert actions(run) == ["write", "mend", "finish"] and "coder/1" in run.state.asked
    assert answer(run) == NEAR


def test_s_star_debugs_each_program_on_examples_then_judges_pairs_in_both_orders(desk: Desk) -> None:
    model = desk.script(coder=[WRONG, NEAR, NEAR], repair=[RIGHT], synthesis=[INPUTS], judgement=["Answer: A"])
    path = desk.folder / "answers.json"
    entries = json.loads(path.read_text())
    # RIGHT is the repair c4; the judge prefers it in both orders.
    for first, verdict in (("c4", "Reasons. Answer: A"), ("c2", "Answer: B")):
        entries.insert(0, {"key": f"judgement/*/{first}-*", "completions": [verdict], "repeat": True})
    path.write_text(json.dumps(entries))
    desk.solve("--model", model, "-n", 3, "--strategy", "s-star")
    run = desk.newest
    assert actions(run) == ["mend", "tournament", "finish"]
    assert run.state.wanted["tester"] == 0
    assert {test.how for test in run.state.tests.values() if test.how} == {"written by the tester"}
    assert len([key for key in run.state.asked if key.startswith("judgement/")]) == 2
    assert run.state.weighed is not None and run.state.weighed.scores == {"c2": 0.0, "c3": 0.0, "c4": 1.0}
    assert answer(run) == RIGHT


def test_s_star_gives_half_a_win_for_a_judge_who_takes_the_first_of_two_whatever_it_is(desk: Desk) -> None:
    model = desk.script(coder=[NEAR, NEAR, RIGHT], synthesis=[INPUTS], judgement=["Answer: A"])
    desk.solve("--model", model, "-n", 3, "--strategy", "s-star")
    weighed = desk.newest.state.weighed
    assert weighed is not None and set(weighed.scores.values()) == {0.5}
    assert answer(desk.newest) == NEAR


def test_agentic_tests_shows_the_tester_what_a_program_printed_and_weighs_by_the_corrected_tests(desk: Desk) -> None:
    tests = [a_test("5 6", "7"), a_test("9 9", "18"), a_test("1 5", "6")]
    model = desk.script(coder=[RIGHT, NEAR], tester=tests, refine=[a_test("5 6", "11")])
    desk.solve("--model", model, "-n", 2, "-m", 3, "--strategy", "agentic-tests")
    run = desk.newest
    assert actions(run)[0] == "refine"
    (message,) = json.loads(run.blob(run.state.asked["refine/2/t1"].prompt))
    assert "Expected output:\n```\n7\n```" in message["content"]
    assert "Output of the program\n\n```\n11\n```" in message["content"]
    assert run.state.weighed is not None and run.state.weighed.scores == {"c1": 3.0, "c2": 1.0}
    assert [key for key in run.state.asked if key.startswith("refine/")] == ["refine/2/t1"]
    assert answer(run) == RIGHT


@pytest.mark.parametrize("strategy", PIPELINES)
@pytest.mark.parametrize(
    ("n", "m", "tests", "examples"),
    [(4, 0, [], True), (4, 4, [a_test("1 1", "7"), a_test("2 9", "0")], True), (1, 4, TESTS, True),
     (4, 4, TESTS, False), (2, 2, ["no test"], False)],
    ids=["no tests", "all tests wrong", "one program", "no public example", "neither tests nor examples"],
)  # fmt: skip
def test_pipelines_take_whatever_there_is(
    desk: Desk, strategy: str, n: int, m: int, tests: list[str | dict[str, object]], examples: bool
) -> None:
    model = desk.script(coder=[RIGHT, RIGHT, RIGHT, WRONG], tester=tests, repair=[RIGHT])
    path = desk.folder / "answers.json"
    # Every other request gets an answer that is of no use.
    path.write_text(json.dumps([*json.loads(path.read_text()), {"key": "*", "text": "Well.", "repeat": True}]))
    problem = desk.folder / "problem.json"
    problem.write_text(json.dumps(SUM | ({} if examples else {"example_input": [], "example_output": []})))
    done = desk.run("solve", problem, "--sandbox", "none", "--model", model, "-n", n, "-m", m, "--strategy", strategy)
    assert done.code in (0, 1), done.stderr
    assert answer(desk.newest) == RIGHT
    assert desk.run("replay").code == 0


def test_the_bundled_model_runs_every_pipeline_without_the_stages_it_has_no_words_for(desk: Desk) -> None:
    problem = Path(__file__).parents[2] / "examples" / "micro-heldout.json"
    for strategy in PIPELINES:
        sampled = ("--index", 3, "-n", 4, "-m", 4, "--max-tokens", 128, "--strategy", strategy, "--sandbox", "none")
        assert desk.run("solve", problem, *sampled).code in (0, 1, 3)
        assert not any(asked.gives for asked in desk.newest.state.asked.values())
        assert desk.run("replay").code == 0


@pytest.mark.parametrize("strategy", PIPELINES)
def test_a_pipeline_that_was_ended_at_any_stage_is_resumed_without_asking_twice(desk: Desk, strategy: str) -> None:
    (desk.folder / "sum.json").write_text(json.dumps(SUM))
    problem = load_problems(str(desk.folder / "sum.json"))[0]
    useful = f"{INPUTS}\n{SPECIFICATION}\nAnswer: A\n{RIGHT}"
    engine = SeededEngine(problem, [NEAR, WRONG, RIGHT], [a_test("5 6", "7"), TESTS[0]], [useful, RIGHT])
    settings = ("-n", 3, "-m", 2, "--confident", 1, "--strategy", strategy, "--max-tokens", 4096)
    with FaultyServer(engine, "seeded") as server:
        desk.solve("--model", server.url("ok", model="seeded"), *settings)
        expected = desk.newest
        assert max(Counter(engine.asked).values()) == 1
        lines = (expected.folder / EVENTS).read_text().splitlines(keepends=True)
        asked = [at for at, line in enumerate(lines) if json.loads(line)["type"] == "asked"]
        sampled = [at for at, line in enumerate(lines) if json.loads(line)["type"] in ("weighed", "ran", "decided")]
        for cut in sorted({asked[-1], asked[-1] + 1, asked[-1] + 3, *sampled[:2], sampled[-1]}):
            (expected.folder / EVENTS).write_text("".join(lines[:cut]))
            killed = load_run(expected.folder)
            had = {
                (killed.state.asked[key].prompt, killed.state.asked[key].seed + index)
                for key, samples in killed.state.samples.items()
                for index in samples
            }
            assert desk.run("replay").code == 0, cut
            engine.asked.clear()
            done = desk.run("resume", "--sandbox", "none")
            assert "Traceback" not in done.stderr and not had & set(engine.asked), cut
            assert max(Counter(engine.asked).values(), default=1) == 1
            state = desk.newest.state
            assert state.rankings == expected.state.rankings, cut
            assert state.result is not None and expected.state.result is not None
            assert state.result.candidate == expected.state.result.candidate
