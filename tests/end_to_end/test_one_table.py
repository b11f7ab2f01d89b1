"""Solver, trainer and evaluator judge alike: one table, whatever the problem says about right outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from cure.problem import Problem, UnitTest
from cure.table import Candidate, GrowingTable, ProgramExecutor, judging_of
from evaluator.run.problem_run import evaluate_problem
from evaluator.run.samples import Sample
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.tables import PASSED
from sandbox import open_sandbox
from tests.cure.test_judging import CountingSandbox
from trainer.rollout.answers import Answer, TaskAnswers
from trainer.rollout.execute import ExecutionRules, execute

pytestmark = pytest.mark.bubblewrap

GOLDEN = Path(__file__).with_name("golden") / "tables.json"

PROGRAMS = [
    "n = int(input())\nprint(2 * n)",
    "n = int(input())\nprint(n * n)",
    "raise ValueError('no')",
    "n = int(input())\nif n > 2:\n    while True:\n        pass\nprint(2 * n)",
    None,
    "n = int(input())\nprint(2 * n)",
    "import sys\nsys.stdout.write(str(2 * int(input())) + '.0')",
    "n = int(input())\nprint(2 * n)\nraise SystemExit(3)",
]
TESTS = [("2\n", "4\n"), ("3\n", "6\n"), ("3\n", "9\n"), None, ("2\n", "4\n"), ("x\n", "4\n"), ("5\n", "10\n")]
DOUBLE = Problem(
    "Read n and print 2 * n.",
    (UnitTest("1\n", "2\n", "public"), UnitTest("2\n", "4\n", "public")),
    hidden=tuple(UnitTest(f"{n}\n", f"{2 * n}\n", "hidden") for n in (0, 1, 3, 4)),
    time_limit_s=0.5,
    memory_mb=128,
    name="double",
    reference=PROGRAMS[0] or "",
    difficulty="easy",
    date="2026-01-02",
)


@pytest.fixture
async def sandbox() -> AsyncIterator[CountingSandbox]:
    opened = CountingSandbox(await open_sandbox("bubblewrap", slots=2))
    yield opened
    await opened.close()


def code(text: str | None) -> str:
    return "I cannot." if text is None else f"```python\n{text}\n```"


def written_test(pair: tuple[str, str] | None) -> str:
    if pair is None:
        return "I cannot."
    return f"**Test Input:**\n```\n{pair[0]}```\n\n**Test Output:**\n```\n{pair[1]}```\n"


async def solver_cells(problem: Problem, sandbox: CountingSandbox) -> dict[str, list[Any]]:
    growing = GrowingTable(ProgramExecutor(sandbox, judging_of(problem)))
    for number, test in enumerate(problem.examples, 1):
        growing.add_test(f"e{number}", test)
    for number, pair in enumerate(TESTS):
        if pair is not None:
            growing.add_test(f"t{number}", UnitTest(*pair))
    for number, program in enumerate(PROGRAMS):
        if program is not None:
            growing.add_candidate(f"c{number}", Candidate(program))
    table = await growing.settle()
    return {
        f"{row}/{column}": [str(cell.verdict), cell.passed, cell.stdout, cell.reason]
        for (row, column), cell in sorted(table.cells.items())
    }


def answers() -> TaskAnswers:
    coder = tuple(Answer(code(program), "stop") for program in PROGRAMS)
    tester = tuple(Answer(written_test(pair), "stop") for pair in TESTS)
    return TaskAnswers(0, 0, {}, {"coder": coder, "tester": tester, "labels": tester[:3]})


def settings_of(programs: int, tests: int, **more: Any) -> Settings:
    coder, tester = (RoleSettings(model="m", samples=count) if count else None for count in (programs, tests))
    return Settings(dataset="set", data_sha256="sha", coder=coder, tester=tester, **more)


def samples(texts: list[str]) -> list[Sample]:
    return [Sample(key="", problem=0, index=number, text=text, finish="stop") for number, text in enumerate(texts)]


async def trainer_record(problem: Problem, sandbox: CountingSandbox, rules: ExecutionRules) -> dict[str, Any]:
    record = (await execute(answers(), problem, sandbox, rules)).to_record()
    del record["seconds"]
    return record


async def evaluator_record(problem: Problem, sandbox: CountingSandbox, give_up_after: int | None) -> dict[str, Any]:
    settings = settings_of(len(PROGRAMS), len(TESTS), give_up_after=give_up_after)
    codes, tests = samples([code(program) for program in PROGRAMS]), samples([written_test(pair) for pair in TESTS])
    record = (await evaluate_problem(0, problem, codes, tests, settings, sandbox)).to_record()
    assert record.pop("program_samples") == tuple(range(len(PROGRAMS))) and record.pop("lost") == {}
    del record["cpu_s"], record["peak_kb"]
    return record


async def test_the_tables_of_the_three_rooms_and_their_executions_are_those_of_before(sandbox: CountingSandbox) -> None:
    """The golden file was written when solver, trainer and evaluator each had a table and an execution loop."""
    found: dict[str, Any] = {}
    found["solver"] = {"cells": await solver_cells(DOUBLE, sandbox), "executions": len(sandbox.inputs)}
    rules = {
        "trainer": ExecutionRules(reference=True),
        "trainer_agreement": ExecutionRules(generated_labels=True, agreement=0.5),
    }
    for name, rule in rules.items():
        sandbox.inputs.clear()
        found[name] = {"record": await trainer_record(DOUBLE, sandbox, rule), "executions": len(sandbox.inputs)}
    for give_up_after in (None, 1):
        sandbox.inputs.clear()
        record = await evaluator_record(DOUBLE, sandbox, give_up_after)
        found[f"evaluator_{give_up_after}"] = {"record": record, "executions": len(sandbox.inputs)}
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert json.loads(json.dumps(found)) == golden


CHECKER = """
import json, sys
asked = json.load(sys.stdin)
sys.exit(sorted(asked["output"].split()) != sorted(asked["expected"].split()))
"""
JUDGED = {
    "tokens": ("1.50 2", "1.5000001   2", "1.6 2"),
    "release": ("1.5 2", " 1.5\n2 ", "1.50 2"),
    "lines": ("a b\nc\n", "a b  \nc\n\n", "a  b\nc\n"),
    "float": ("1 2", "1.0000001 2", "1.1 2"),
    "float(0.5,0)": ("1 2", "1.4 1.6", "1.6 2"),
    "case-insensitive": ("Yes no", "YES No", "yes yes"),
    "unordered-lines": ("1 2\n3\n", "3\n\n1  2\n", "2 1\n3\n"),
    "unordered-tokens": ("1 2 3", "3 1 2", "1 2 2"),
    "checker": ("1 2 3", "3 1\n2", "1 2"),
}
"""By comparison: the output expected, a right one that is written otherwise, a wrong one."""


@pytest.mark.parametrize("name", JUDGED)
async def test_the_three_rooms_agree_on_which_programs_are_right(name: str, sandbox: CountingSandbox) -> None:
    expected, right, wrong = JUDGED[name]
    programs = [f"import sys; sys.stdout.write({text!r})" for text in (expected, right, wrong)]
    hidden = (UnitTest("", expected, "hidden"),)
    rule = {"checker": CHECKER} if name == "checker" else {"comparison": name}
    problem = Problem("Print it.", (UnitTest("", expected, "public"),), hidden=hidden, time_limit_s=5, **rule)

    growing = GrowingTable(ProgramExecutor(sandbox, judging_of(problem)))
    growing.add_test("e1", problem.examples[0])
    for number, program in enumerate(programs):
        growing.add_candidate(str(number), Candidate(program))
    solved = await growing.settle()
    by_solver = [solved.passes(str(number), "e1") for number in range(len(programs))]

    asked = TaskAnswers(0, 0, {}, {"coder": tuple(Answer(code(text), "stop") for text in programs), "tester": ()})
    trained = await execute(asked, problem, sandbox, ExecutionRules())
    by_trainer = trained.label_passes[:, 0].tolist()

    settings = settings_of(len(programs), 0)
    codes = samples([code(program) for program in programs])
    evaluated = await evaluate_problem(0, problem, codes, [], settings, sandbox)
    by_evaluator = [row[0] == PASSED for row in evaluated.cells]

    assert by_solver == by_trainer == by_evaluator == [True, True, False]
    assert evaluated.comparison == name


def test_the_command_judges_as_the_rooms_do(
    solve: Callable[..., subprocess.CompletedProcess[str]], script: Callable[..., str], tmp_path: Path
) -> None:
    rule = {"checker": CHECKER, "test_time_limit": 5}
    tests = {"example_input": [""], "example_output": ["1 2 3"], "test_input": [""], "test_output": ["1 2 3"]}
    file = tmp_path / "any-order.json"
    file.write_text(json.dumps([{"name": "any-order", "question": "Print 1, 2 and 3.", **tests, **rule}]))
    spec = script([code("print(3, 1, 2)"), code("print(3, 1)")], [])
    solved = solve(file, "--model", spec, "-n", 2, "-m", 0, "--rounds", 1, "--json")
    assert json.loads(solved.stdout)["hidden"] == {"passed": 1, "total": 1}
    options = ["--model", spec, "-n", "2", "-m", "0", "--outputs", str(tmp_path / "outputs"), "--json"]
    shell = [sys.executable, "-m", "agent", "eval", str(file), *options]
    evaluated = subprocess.run(shell, capture_output=True, text=True, timeout=120, check=True)
    accuracy = json.loads(evaluated.stdout)["standard"]["values"]["code_accuracy_macro"]["value"]
    assert accuracy == 0.5
