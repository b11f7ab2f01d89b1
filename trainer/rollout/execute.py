"""The execution table of a task: programs and tests are extracted from its answers and run."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from cure.extract import extractor
from cure.problem import Problem
from cure.table import Candidate, ProgramExecutor, ProgramTable, fill, judging_of, pass_matrix
from sandbox import Sandbox, Verdict
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.rollout.labels import chosen_labels

REFERENCE = "reference"
"""Name of the row of the problem's reference solution."""


@dataclass(frozen=True)
class ExecutionRules:
    """How a task's programs are run, and on which tests."""

    most_labels: int = 8
    """Maximum number of the problem's hidden tests used as labels, the tests that decide which programs are right; the
    first ones are used."""
    time_limit_s: float | None = None
    """Maximum CPU seconds of an execution; None for the problem's own limit."""
    give_up_after: int | None = 2
    """Time-outs of a program after which its remaining tests are not run; None to run all."""
    generated_labels: bool = False
    """Whether the tests of a frozen tester are the labels, instead of the problem's tests."""
    agreement: float = 0.0
    """A generated test is a label only if at least this share of the programs that print the commonest output for its
    input pass the test, and, unless no other is left, only if some programs pass and some fail."""
    reference: bool = False
    """Whether the problem's reference solution is run on the generated tests, for measuring."""


async def execute(answers: TaskAnswers, problem: Problem, sandbox: Sandbox, rules: ExecutionRules) -> TaskTable:
    """The task's table, whose `unknown` marks programs on which the sandbox failed. Each distinct pair of program and
    input is run once. Raises SandboxError where no program can be run."""
    read = extractor("robust")
    notes: Counter[str] = Counter()
    programs = []
    for answer in answers.answers["coder"]:
        program = read.program(answer.text)
        programs.append(None if answer.error else program.value)
        if program.value is None:
            notes[f"code: {program.reason}"] += 1
    tests = []
    for answer in answers.answers["tester"]:
        test = read.test(answer.text)
        tests.append(test.value)
        if test.value is None:
            notes[f"test: {test.reason}"] += 1
    if rules.generated_labels:
        written = [read.test(answer.text).value for answer in answers.answers.get("labels", ())]
        labels = list(dict.fromkeys(test for test in written if test is not None))
    else:
        labels = list(problem.hidden[: rules.most_labels])
    by_label = {f"l{number}": test for number, test in enumerate(labels)}
    by_test = {f"t{number}": test for number, test in enumerate(tests) if test is not None}
    rows = [str(number) for number in range(len(programs))]
    candidates = {row: Candidate(text) for row, text in zip(rows, programs, strict=True) if text is not None}
    if rules.reference and problem.reference:
        candidates[REFERENCE] = Candidate(problem.reference)
    judging = judging_of(problem, time_limit_s=rules.time_limit_s, give_up_after=rules.give_up_after)
    executor = ProgramExecutor(sandbox, judging)
    begun = time.monotonic()
    table = await fill(executor, ProgramTable(candidates, by_label | by_test))
    executions = executor.executions.values()
    label_passes = pass_matrix(table, rows, list(by_label))  # (programs, labels)
    kept = list(range(len(labels)))
    if rules.generated_labels:
        cells = [[table.cells.get((row, label)) for label in by_label] for row in rows]
        kept = chosen_labels(label_passes, cells, rules.agreement)
    return TaskTable(
        slot=answers.slot,
        programs=tuple(programs),
        tests=tuple(tests),
        labels=tuple(labels[column] for column in kept),
        label_passes=label_passes[:, kept],
        test_passes=pass_matrix(table, rows, list(by_test)),
        unknown=tuple(_is_unknown(table, row) for row in rows),
        reference=tuple(table.passes(REFERENCE, test) for test in by_test) if REFERENCE in candidates else None,
        executions=len(executions),
        timeouts=sum(execution.verdict is Verdict.TIMEOUT for execution in executions),
        seconds=time.monotonic() - begun,
        notes=dict(notes),
    )


def _is_unknown(table: ProgramTable, row: str) -> bool:
    """Whether the sandbox failed on any of the program's executions."""
    cells = (table.cells.get((row, test)) for test in table.tests)
    return any(cell is not None and cell.verdict is Verdict.SANDBOX_ERROR for cell in cells)
