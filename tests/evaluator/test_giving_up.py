"""A program that runs out of time again and again is given up: its other tests are not run, and count as not passed.

Reports say how many there are.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from cure.problem import Problem, UnitTest
from evaluator.commands import evaluate
from evaluator.run.problem_run import evaluate_problem
from evaluator.run.samples import Sample
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.stored import read_tables
from evaluator.run.summary import summarise
from sandbox import Execution, Job, Verdict
from tests.evaluator.runs import RIGHT, TESTS, problems_file, run, script, settings_of

ENDLESS = "```python\nwhile True:\n    pass\n```"
MANY = {
    "test_input": [f"{number} 7\n" for number in range(20)],
    "test_output": [f"{number + 7}\n" for number in range(20)],
    "test_time_limit": 0.1,
    "reference_solution": None,
}
"""Fields of a problem with 20 hidden tests; one public test and three of the tester make 24 tests in all."""


@pytest.mark.bubblewrap
def test_the_rest_of_an_endless_program_is_not_run(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1, **MANY)
    settings = settings_of(file, script(tmp_path / "s.json", [ENDLESS, RIGHT]), 2, give_up_after=2)
    made = run(settings, tmp_path / "out")
    (table,) = read_tables(made)
    # Executions under way may add a few time-outs to the two, and a hidden test is run after all, to decide.
    given_up = table.cells[0].count("N")
    assert set(table.cells[0]) == {"N", "T"} and 12 <= given_up <= 22 and "T" in table.cells[0][:20]
    assert table.cells[1] == "P" * 22 + "WP"
    assert table.executions == 48 - given_up
    metrics = summarise(made)
    assert metrics["given_up"] == {
        "after": 2, "programs": 1, "cells": given_up, "of_cells": 48, "share": given_up / 48, "reason": "",
    }  # fmt: skip
    assert metrics["standard"]["values"]["code_accuracy_macro"]["value"] == 0.5
    assert metrics["verdicts"]["cells"]["not_run"] == given_up


@pytest.mark.bubblewrap
def test_without_a_limit_everything_is_run(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1, test_time_limit=0.1, reference_solution=None)
    settings = settings_of(file, script(tmp_path / "s.json", [ENDLESS]), 1, give_up_after=None)
    made = run(settings, tmp_path / "out")
    assert read_tables(made)[0].cells == ("T" * 6,)
    assert summarise(made)["given_up"]["cells"] == 0


@pytest.mark.bubblewrap
def test_the_command_says_how_much_was_not_run(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1, **MANY)
    arguments = [file, "--model", script(tmp_path / "s.json", [ENDLESS]), "-n", 1, "-m", 4, "--give-up-after", 1,
                 "--sandbox", "bubblewrap", "--outputs", tmp_path / "out"]  # fmt: skip
    done = CliRunner().invoke(evaluate, [str(one) for one in arguments])
    assert done.exit_code == 0, done.exception
    said = " ".join(done.stdout.split())
    (made,) = (tmp_path / "out").glob("*/*/*")
    cells = json.loads((made / "metrics.json").read_text())["given_up"]["cells"]
    share = f"{cells} ({cells / 24:.1%}) of the executions were not run and count as not passed"
    assert cells >= 12 and f"1 program given up after 1 time-out each: {share}" in said
    assert f"{cells} of 24 executions ({cells / 24:.1%}) not run" in (made / "report.md").read_text()


def settings_with(coder: RoleSettings | None = None, give_up_after: int | None = 1) -> Settings:
    return Settings(dataset="set.json", data_sha256="0", coder=coder, tester=None, give_up_after=give_up_after)


def test_another_limit_is_another_run() -> None:
    settings = settings_with(coder=RoleSettings(model="micro", samples=1))
    assert settings.identity() != settings.model_copy(update={"give_up_after": 2}).identity()
    assert Settings.from_record(settings.model_copy(update={"give_up_after": None}).to_record()).give_up_after is None


def test_a_run_from_before_there_was_a_limit_ran_everything() -> None:
    record = settings_with().to_record()
    del record["give_up_after"]
    assert Settings.from_record(record).give_up_after is None


class LateSandbox:
    """Executes the inputs of a job from the last to the first; inputs that begin with `9` time out."""

    isolation = "none"

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        self.jobs += jobs
        for job in jobs:
            timeouts = 0
            for index, stdin in reversed(list(enumerate(job.inputs))):
                if job.give_up_after is not None and timeouts >= job.give_up_after:
                    yield Execution(job=job.key, index=index, verdict=Verdict.NOT_RUN)
                elif stdin.startswith(b"9"):
                    timeouts += 1
                    yield Execution(job=job.key, index=index, verdict=Verdict.TIMEOUT)
                else:
                    yield Execution(job=job.key, index=index, verdict=Verdict.OK, stdout=b"1\n")

    async def close(self) -> None:
        pass


RIGHT_SAMPLE = Sample(key="", problem=0, index=0, text=RIGHT, finish="stop")


@pytest.mark.parametrize(
    ("expected", "cells", "inputs"),
    [("1\n", "PPTT", [4, 2, 1]), ("2\n", "WWNT", [4, 2])],
    ids=["a right program", "a wrong program"],
)
def test_what_decides_is_run_after_all_and_everything_of_a_right_program(
    expected: str, cells: str, inputs: list[int]
) -> None:
    """A program that times out on the tester's large inputs is still run on the hidden tests, which decide."""
    hidden = tuple(UnitTest(f"{number}\n", expected, "hidden") for number in (1, 2))
    tests = [TESTS[0].replace("3 4", given) for given in ("91", "92")]
    samples = [Sample(key="", problem=0, index=index, text=text, finish="stop") for index, text in enumerate(tests)]
    settings = settings_with(give_up_after=1)
    box = LateSandbox()
    made = evaluate_problem(0, Problem("?", hidden=hidden), [RIGHT_SAMPLE], samples, settings, box)
    assert asyncio.run(made).cells == (cells,)
    assert [len(job.inputs) for job in box.jobs] == inputs


def test_a_program_known_to_be_wrong_is_not_run_again() -> None:
    hidden = (UnitTest("1\n", "1\n", "hidden"), UnitTest("92\n", "1\n", "hidden"), UnitTest("93\n", "1\n", "hidden"))
    settings = settings_with(give_up_after=1)
    box = LateSandbox()
    made = evaluate_problem(0, Problem("?", hidden=hidden), [RIGHT_SAMPLE], [], settings, box)
    assert asyncio.run(made).cells == ("NNT",)
    assert len(box.jobs) == 1
