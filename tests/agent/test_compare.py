"""`cure-agent eval DATASET --strategy NAMES`: what it solves, asks, records and prints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import load_run
from agent.compare.anytime import anytime
from agent.compare.figures import figures, gain
from agent.compare.folder import Solved
from agent.compare.settings import names_in
from cure.problem.file import load_problems
from cure.select import selector
from tests.agent.conftest import Desk, Done
from tests.agent.seeded import SeededEngine
from tests.end_to_end.conftest import PROGRAMS, RIGHT, SUM, TESTS, WRONG
from tests.end_to_end.conftest import tester_answer as a_test
from tests.engines.faulty_server import FaultyServer

NEW = [a_test(f"{i} 5", str(i + 5)) for i in range(4)]


def problem_set(folder: Path, *names: str, **more: object) -> Path:
    """The path of a file of problems with these names, which all ask for the sum in slightly different words."""
    rows = [{**SUM, "name": name, "question": f"{SUM['question']} ({name})", **more} for name in names]
    path = folder / "problems.json"
    path.write_text(json.dumps(rows))
    return path


def compared(desk: Desk, problems: Path, model: str, *arguments: object, strategies: str = "cure,debug") -> Done:
    """Compare these strategies with `cure-agent eval`; programs run as plain processes."""
    where = ("--sandbox", "none", "--outputs", desk.folder / "out")
    return desk.run("eval", problems, "--strategy", strategies, "--model", model, *where, *arguments)


def figures_of(done: Done) -> dict[str, Any]:
    """The figures by strategy, from what the command printed as JSON."""
    assert done.code == 0, done.stderr
    return {each["strategy"]: each for each in json.loads(done.stdout)["strategies"]}


def test_every_problem_is_solved_with_every_strategy_and_judged_by_all_hidden_tests(desk: Desk) -> None:
    half = RIGHT.replace("a + b", "a + b if a else 1")
    # The hidden test with the input 0 0 refutes this program; no public example and no generated test does.
    model = desk.script(coder=[half], tester=TESTS[4:], repair=[RIGHT])
    done = compared(desk, problem_set(desk.folder, "one", "two"), model, "-n", 4, "-m", 4, "--json")
    found = figures_of(done)
    assert [*found] == ["cure", "debug"]
    assert found["cure"]["right"]["count"] == 0 and found["cure"]["right"]["of"] == 2
    assert found["cure"]["verified"]["count"] == 2 and found["cure"]["right_if_verified"]["value"] == 0
    folder = Path(json.loads(done.stdout)["folder"])
    runs = [load_run(run) for run in (folder / "runs").iterdir()]
    assert len(runs) == 4 and {run.started.settings["strategy"] for run in runs} == {"cure", "debug"}
    assert all(run.state.scored is not None and run.state.scored.total == 2 for run in runs)
    assert json.loads((folder / "figures.json").read_text())["strategies"] == [*found.values()]


def test_a_strategy_that_repairs_gains_over_one_that_does_not(desk: Desk) -> None:
    model = desk.script(coder=[WRONG], tester=[*TESTS, *NEW], repair=[RIGHT])
    done = compared(desk, problem_set(desk.folder, "one", "two"), model, "-n", 2, "-m", 2, "--json")
    found = figures_of(done)
    assert found["debug"]["gain"] == {"value": 1, "low": 1, "high": 1, "only_here": 2, "only_first": 0, "p": 0.5}
    assert found["debug"]["tokens"] > found["cure"]["tokens"]
    # At the tokens of the first round both have the same programs.
    assert found["debug"]["right_at_equal_tokens"]["count"] == 0
    assert [right for _, right in found["debug"]["curve"]][-1] == 1
    shown = compared(desk, desk.folder / "problems.json", model, "-n", 2, "-m", 2)
    assert "right answers on 2 of 2 problems" in shown.stdout and "+100.0%" in shown.stdout


@pytest.fixture
def engine(tmp_path: Path) -> SeededEngine:
    problem = load_problems(str(problem_set(tmp_path, "one")))[0]
    return SeededEngine(problem, [WRONG, WRONG.replace("a * b + 1", "a - b")], TESTS, [RIGHT])


@pytest.fixture
def model(engine: SeededEngine) -> Iterator[str]:
    with FaultyServer(engine, "seeded") as server:
        yield server.url("ok", model="seeded")


def test_no_sample_is_asked_for_twice_not_even_by_the_same_command_again(
    desk: Desk, engine: SeededEngine, model: str
) -> None:
    problems = problem_set(desk.folder, "one")
    sampled = ("-n", 3, "-m", 2, "--json")
    together = figures_of(compared(desk, problems, model, *sampled, strategies="cure,distinguish,repair-first"))
    assert max(Counter(engine.asked).values()) == 1
    asked = len(engine.asked)
    again = figures_of(compared(desk, problems, model, *sampled, strategies="cure,distinguish,repair-first"))
    assert (again, len(engine.asked)) == (together, asked)


def test_tokens_count_for_each_strategy_as_if_it_alone_had_asked(desk: Desk) -> None:
    problems, names = problem_set(desk.folder, "one"), ("cure", "debug", "repair-first")
    model = desk.script(coder=[WRONG], tester=TESTS[:1], repair=[RIGHT])
    sampled = ("-n", 3, "-m", 2, "--json")
    together = figures_of(compared(desk, problems, model, *sampled, strategies=",".join(names)))
    for name in names:
        alone = compared(desk, problems, model, *sampled, "--outputs", desk.folder / name, strategies=name)
        assert figures_of(alone)[name]["tokens"] == together[name]["tokens"]


def test_samples_are_not_shared_between_engines_that_may_answer_otherwise(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = problem_set(desk.folder, "one")
    model = desk.script(coder=[RIGHT], tester=TESTS[:1])

    def folder(name: str = "VLLM_ROWS", value: str = "2") -> str:
        with monkeypatch.context() as patch:
            patch.setenv(f"CURE_AGENT_{name}", value)
            done = compared(desk, problems, model, "-n", 1, "-m", 1, "--json", strategies="cure")
        assert done.code == 0, done.stderr
        return str(json.loads(done.stdout)["folder"])

    assert folder() == folder("GGUF_CONTEXT", "4096")
    assert len({folder(), folder("GGUF_CONTEXT", "2048"), folder("VLLM_DTYPE", "float32")}) == 3


def test_a_later_command_may_add_strategies_and_problems_and_keeps_what_is_there(
    desk: Desk, engine: SeededEngine, model: str
) -> None:
    problems = problem_set(desk.folder, "one", "two")
    compared(desk, problems, model, "-n", 2, "-m", 2, "--limit", 1, strategies="cure")
    first = Counter(engine.asked)
    done = compared(desk, problems, model, "-n", 2, "-m", 2, "--json", strategies="repair-first,cure")
    assert figures_of(done)["cure"]["right"]["of"] == 2
    assert not Counter(engine.asked[sum(first.values()) :]).keys() & first.keys()


def test_solves_that_the_model_ended_are_said_and_tried_again_by_the_same_command(desk: Desk) -> None:
    problems = problem_set(desk.folder, "one", "two")
    arguments = ("-n", 2, "-m", 2, "--json")
    model = desk.script(coder=[WRONG], tester=TESTS[:2])
    done = compared(desk, problems, model, *arguments, strategies="cure,repair-first")
    assert done.code == 5
    assert "one with repair-first" in done.stderr and "two with repair-first" in done.stderr
    assert "2 solves were not finished; the same command tries them again" in done.stderr
    assert json.loads(done.stdout)["strategies"] == []
    desk.script(coder=[RIGHT], tester=TESTS, repair=[RIGHT])
    found = figures_of(compared(desk, problems, model, *arguments, strategies="cure,repair-first"))
    assert found["repair-first"]["right"]["count"] == 2
    assert len([*desk.folder.glob("out/**/runs/*")]) == 4


def test_a_single_solve_that_the_model_ended_is_said_in_the_singular(desk: Desk) -> None:
    model = desk.script(coder=[WRONG], tester=TESTS[:2])
    done = compared(desk, problem_set(desk.folder, "one"), model, "-n", 2, "-m", 2, strategies="repair-first")
    assert done.code == 5
    assert "1 solve was not finished; the same command tries it again" in done.stderr


def test_a_recorded_run_of_a_comparison_is_explained_and_replayed_where_it_lies(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = desk.script(coder=[WRONG], tester=TESTS, repair=[RIGHT])
    done = compared(desk, problem_set(desk.folder, "one"), model, "-n", 2, "-m", 2, "--json")
    folder = json.loads(done.stdout)["folder"]
    monkeypatch.setenv("CURE_AGENT_STATE", folder)
    for run in Path(folder, "runs").iterdir():
        assert "public examples" in desk.run("why", run.name).stdout
        assert desk.run("replay", run.name).code == 0


def test_the_answer_after_fewer_tokens_is_none_then_that_of_the_samples_so_far_then_the_run_s_own(desk: Desk) -> None:
    model = desk.script(coder=[WRONG, WRONG, WRONG, RIGHT], tester=TESTS)
    desk.solve("--model", model, "-n", 4, "-m", 4, "--strategy", "cure")
    outcome = desk.newest.outcome()
    steps = anytime(outcome, selector("agreement"))
    assert (steps[0].tokens, steps[0].program) == (0, None)
    assert steps[-1].program == outcome.program is not None
    # Only the fourth program passes the examples.
    assert len(steps) == 2 and 0 < steps[1].tokens < outcome.state.tokens


@pytest.mark.parametrize("strategies", ["cure,debug", "s-star,mpsc"])
@pytest.mark.parametrize(
    ("n", "m", "tests", "examples"),
    [(4, 0, [], True), (4, 4, [a_test("1 1", "7"), a_test("2 9", "0")], True), (1, 4, TESTS, True),
     (4, 4, TESTS, False), (2, 2, ["no test"], False)],
    ids=["no tests", "all tests wrong", "one program", "no public example", "neither tests nor examples"],
)  # fmt: skip
def test_strategies_take_whatever_there_is(
    desk: Desk, strategies: str, n: int, m: int, tests: list[str | dict[str, object]], examples: bool
) -> None:
    model = desk.script(coder=[RIGHT, RIGHT, RIGHT, WRONG], tester=tests, repair=[RIGHT])
    path = desk.folder / "answers.json"
    # Requests for anything but programs, tests and repairs get an answer that is of no use.
    path.write_text(json.dumps([*json.loads(path.read_text()), {"key": "*", "text": "Well.", "repeat": True}]))
    left_out: dict[str, object] = {} if examples else {"example_input": [], "example_output": []}
    problems = problem_set(desk.folder, "one", **left_out)
    found = figures_of(compared(desk, problems, model, "-n", n, "-m", m, "--json", strategies=strategies))
    assert [*found] == names_in(strategies)
    assert all(each["right"]["count"] == 1 for each in found.values())


def test_the_bundled_model_is_compared_on_problems_of_its_family(desk: Desk) -> None:
    problems = Path(__file__).parents[2] / "examples" / "micro-heldout.json"
    sampled = ("--limit", 2, "-n", 4, "-m", 4, "--max-tokens", 128, "--json", "--sandbox", "none")
    done = desk.run("eval", problems, "--strategy", "cure,debug", "--outputs", desk.folder / "out", *sampled)
    assert {each["right"]["of"] for each in figures_of(done).values()} == {2}


@pytest.mark.parametrize(
    ("strategies", "more", "words"),
    [
        ("magic", {}, "unknown strategy 'magic'; there are: debug, cure"),
        ("cure,magic", {}, "unknown strategy 'magic'"),
        (",", {}, "strategy"),
        ("cure", {"test_input": [], "test_output": []}, "no problem has hidden tests"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(desk: Desk, strategies: str, more: dict[str, object], words: str) -> None:
    model = desk.script(coder=PROGRAMS, tester=TESTS)
    done = compared(desk, problem_set(desk.folder, "one", **more), model, strategies=strategies)
    assert done.code == 2
    assert words in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_missing_data_set_and_a_bundled_model_for_other_problems_are_refused(desk: Desk) -> None:
    assert desk.run("eval", "nowhere.json", "--strategy", "cure").code == 2
    done = desk.run("eval", problem_set(desk.folder, "one"), "--strategy=cure", "--outputs", desk.folder)
    assert done.code == 2 and "name a model with --model" in done.stderr


def solve(problem: str, right: bool, tokens: int, *steps: tuple[int, bool]) -> Solved:
    return Solved(
        problem=problem,
        strategy="",
        run="",
        status="verified",
        answered=True,
        right=right,
        confidence=1.0,
        tokens=tokens,
        seconds=1.0,
        steps=((0, False), *steps),
    )


def test_strategies_are_compared_on_problems_that_all_have_solved_and_at_equal_tokens_cut_at_the_cheapest() -> None:
    cheap = {"a": solve("a", False, 10, (10, False)), "b": solve("b", True, 30, (30, True))}
    dear = {"a": solve("a", True, 50, (40, True)), "b": solve("b", True, 60, (20, True)), "c": solve("c", True, 5)}
    first, other = figures({"cheap": cheap, "dear": dear}, ["a", "b", "c"])
    assert (first.right.count, other.right.count, other.right.of) == (1, 2, 2)
    assert (other.right_at_equal_tokens.count, other.tokens) == (1, 55)
    assert other.gain is not None and (other.gain.only_here, other.gain.only_first) == (1, 0)
    assert other.gain_at_equal_tokens is not None and other.gain_at_equal_tokens.value == 0
    assert figures({"cheap": cheap, "dear": {}}, ["a", "b"]) == []


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_the_gain_of_two_strategies_changes_sign_with_their_order(pairs: list[tuple[bool, bool]]) -> None:
    first, other = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = gain(first, other, draws=50), gain(other, first, draws=50)
    assert there.value == -back.value and there.p == back.p
    assert (there.only_here, there.only_first) == (back.only_first, back.only_here)
    if there.low is not None and there.high is not None:
        assert there.low <= there.value + 1e-9 and there.value - 1e-9 <= there.high
