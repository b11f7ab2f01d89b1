"""Rollouts on prepared answers: the table and the rewards can be worked out by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cure.problem import Problem, UnitTest
from cure.prompts import prompts_for
from engines import Sampling
from engines.scripted import ScriptedEngine
from sandbox import Sandbox, open_sandbox
from trainer.config.schema import Reward
from trainer.errors import EngineFailed
from trainer.rollout.execute import ExecutionRules
from trainer.rollout.sampling import RoleSampler, Rollout, RolloutEvent, questions_of, roll_out
from trainer.rollout.tasks import Task
from trainer.update.credit import credit

pytestmark = pytest.mark.bubblewrap

RIGHT, ADDS, ECHOES = "print(int(input())*2)", "print(int(input())+2)", "print(input())"
HANGS = "while True: pass"


def code(source: str) -> str:
    return f"```python\n{source}\n```"


def test_text(given: str, expected: str) -> str:
    return f"**Test Input:**\n```\n{given}\n```\n**Test Output:**\n```\n{expected}\n```\n"


test_text.__test__ = False  # type: ignore[attr-defined]  # no test for pytest: it writes a tester's answer

DOUBLE = Problem(
    "Read a number, print its double.",
    hidden=(UnitTest("2\n", "4\n", "hidden"), UnitTest("3\n", "6\n", "hidden"), UnitTest("0\n", "0\n", "hidden")),
    name="double",
    reference=RIGHT,
)


@asynccontextmanager
async def bubblewrap() -> AsyncIterator[Sandbox]:
    box = await open_sandbox("bubblewrap", slots=2)
    try:
        yield box
    finally:
        await box.close()


def samplers(
    file: Path, codes: list[object], tests: list[object], labels: list[object] | None = None
) -> list[RoleSampler]:
    entries = [{"key": "*/coder", "completions": codes}, {"key": "*/tester", "completions": tests}]
    if labels is not None:
        entries.append({"key": "*/labels", "completions": labels})
    file.write_text(json.dumps(entries))
    engine, style = ScriptedEngine.from_file(str(file)), prompts_for("chat")
    asked = {"coder": codes, "tester": tests} | ({} if labels is None else {"labels": labels})
    return [
        RoleSampler(role=role, engine=engine, style=style, samples=len(given), sampling=Sampling())  # type: ignore[arg-type]  # the keys are names of roles
        for role, given in asked.items()
    ]


def step(
    made: list[RoleSampler], rules: ExecutionRules | None = None, events: list[RolloutEvent] | None = None
) -> Rollout:
    async def go() -> Rollout:
        async with bubblewrap() as box:
            seen: list[RolloutEvent] = [] if events is None else events
            return await roll_out(made, [Task(0, 5, DOUBLE)], 0, 1, box, rules or ExecutionRules(), seen.append)

    return asyncio.run(go())


def test_a_step_worked_out_by_hand(tmp_path: Path) -> None:
    codes = [code(RIGHT), code(ADDS), code(ECHOES), "no program"]
    tests = [test_text("5", "10"), test_text("2", "4"), test_text("0", "0"), test_text("7", "9"), "no test"]
    events: list[RolloutEvent] = []
    rollout = step(samplers(tmp_path / "s.json", codes, tests), ExecutionRules(reference=True), events)
    (answers,), (table,) = rollout.answers, rollout.tables
    assert answers.index == 5
    assert table.programs == (RIGHT, ADDS, ECHOES, None)
    # Columns: 2 -> 4, 3 -> 6, 0 -> 0.
    assert table.label_passes.astype(int).tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    # Columns: 5 -> 10, 2 -> 4, 0 -> 0, 7 -> 9 (wrong).
    assert table.test_passes.astype(int).tolist() == [[1, 1, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert table.reference == (True, True, True, False)
    assert table.tests[4] is None and table.notes == {"code: no_code": 1, "test: no_test": 1}
    # 3 programs on 3 + 4 inputs; the inputs 2 and 0 are in both sets.
    assert table.executions == 3 * 5
    coder, tester = credit(answers, table, Reward())
    assert coder.rewards == pytest.approx((1, 1 / 3, 1 / 3, 0))
    # Three wrong programs: a valid test earns the number that fail it, an invalid one loses the number that pass it.
    assert tester.rewards == (3, 2, 2, -1, -1)
    assert [event.kind for event in events].count("answer") == 9 and events[-1].kind == "table"


def test_a_program_that_hangs_is_given_up(tmp_path: Path) -> None:
    tests = [test_text(str(n), str(2 * n)) for n in range(4, 8)]
    rollout = step(
        samplers(tmp_path / "s.json", [code(RIGHT), code(HANGS)], tests),
        ExecutionRules(time_limit_s=0.2, give_up_after=1),
    )
    table = rollout.tables[0]
    assert table.label_passes.astype(int).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert 1 <= table.timeouts < 7 and not any(table.unknown)


def test_labels_of_a_frozen_tester(tmp_path: Path) -> None:
    codes = [code(RIGHT), code(RIGHT), code(ADDS)]
    labels = [test_text("5", "10"), test_text("2", "4"), test_text("7", "9"), test_text("5", "10"), "none"]
    made = samplers(tmp_path / "s.json", codes, [test_text("1", "2"), test_text("1", "3")], labels)
    believed = step(made, ExecutionRules(generated_labels=True, agreement=0.5)).tables[0]
    # All programs pass 2 -> 4; 7 -> 9 is not what most programs print.
    assert [test.stdin for test in believed.labels] == ["5\n"]
    assert believed.label_passes.astype(int).tolist() == [[1], [1], [0]]
    made = samplers(tmp_path / "s.json", codes, [test_text("1", "2"), test_text("1", "3")], labels)
    every = step(made, ExecutionRules(generated_labels=True)).tables[0]
    assert [test.stdin for test in every.labels] == ["5\n", "7\n"]


def test_one_failed_answer_loses_none_of_its_siblings(tmp_path: Path) -> None:
    codes = [code(RIGHT), {"error": "429: slow down"}, code(ADDS)]
    rollout = step(samplers(tmp_path / "s.json", codes, [test_text("5", "10"), test_text("5", "7")]))
    coder, _ = credit(rollout.answers[0], rollout.tables[0], Reward())
    assert coder.rewards[0] == 1 and coder.rewards[1] is None and coder.rewards[2] == pytest.approx(1 / 3)
    assert rollout.answers[0].answers["coder"][1].error == "429: slow down"


def test_an_engine_that_answers_nothing_ends_the_run_with_its_words(tmp_path: Path) -> None:
    gone = [{"error": "the server is gone"}] * 2
    with pytest.raises(EngineFailed, match="answered nothing as coder: the server is gone") as caught:
        step(samplers(tmp_path / "s.json", list(gone), [test_text("5", "10")]))
    assert caught.value.exit_code == 5


def test_prompts_and_seeds_depend_on_step_task_and_role_alone(tmp_path: Path) -> None:
    made = samplers(tmp_path / "s.json", [code(RIGHT)], [test_text("5", "10")])
    tasks = [Task(0, 5, DOUBLE), Task(1, 6, DOUBLE)]

    def seeds(step: int, some: list[Task]) -> list[int | None]:
        return [question.request.sampling.seed for question in questions_of(made, some, 0, step)[0]]

    assert seeds(1, tasks) == seeds(1, tasks)
    assert len(set(seeds(1, tasks) + seeds(2, tasks))) == 8
    assert seeds(1, tasks[1:]) == seeds(1, tasks)[2:]
