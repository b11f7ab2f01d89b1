"""From the answers of one task to its execution table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np

from cure.extract import extractor
from cure.problem import Problem, UnitTest
from cure.table.compare import tokens
from sandbox import Job, Limits, Sandbox, Verdict
from trainer.rollout.answers import Answer, Answers, Table
from trainer.rollout.labels import chosen_labels

REFERENCE = "reference_solution"
"""Field of a problem that holds a right program, for measuring only."""


@dataclass(frozen=True)
class ExecutionRules:
    """How programs are run."""

    most_labels: int = 8
    time_limit_s: float | None = None
    """Instead of the problem's own limit."""
    give_up_after: int | None = 2
    generated_labels: bool = False
    """The labels are the tests of a frozen tester, not the problem's."""
    agreement: float = 0.0
    """See `trainer.rollout.labels`."""
    reference: bool = False
    """Run the problem's reference solution on the generated tests too."""


async def execute(answers: Answers, problem: Problem, box: Sandbox, rules: ExecutionRules) -> Table:
    """The task's table. Each distinct pair of program and input is run once; nothing the sandbox got wrong counts."""
    read = extractor("robust")
    notes: Counter[str] = Counter()
    found = [read.program(answer.text) for answer in _of(answers, "coder")]
    programs = [
        one.value if not answer.error else None for one, answer in zip(found, _of(answers, "coder"), strict=True)
    ]
    notes.update(f"code: {one.reason}" for one in found if one.value is None)
    tests = []
    for answer in _of(answers, "tester"):
        test = read.test(answer.text)
        tests.append(test.value)
        if test.value is None:
            notes[f"test: {test.reason}"] += 1
    if rules.generated_labels:
        written = [read.test(answer.text).value for answer in answers.answers.get("labels", ())]
        labels = list(dict.fromkeys(test for test in written if test is not None))
    else:
        labels = list(problem.hidden[: rules.most_labels])
    columns = [*labels, *(test for test in tests if test is not None)]
    reference = str(problem.extra[REFERENCE]) if rules.reference and REFERENCE in problem.extra else None
    begun = time.monotonic()
    runs = await _run([*programs, reference], columns, problem, box, rules)
    rows = [_row(program, columns, runs) for program in programs]
    unknown = tuple(
        program is not None and any(runs[program, test.stdin][0] is Verdict.SANDBOX_ERROR for test in columns)
        for program in programs
    )
    passes = np.array(rows, dtype=np.bool_).reshape(len(programs), len(columns))
    outputs = [[None if p is None else runs[p, test.stdin] for test in labels] for p in programs]
    kept = list(range(len(labels)))
    if rules.generated_labels:
        kept = chosen_labels(passes[:, : len(labels)], outputs, rules.agreement)
    return Table(
        slot=answers.slot,
        programs=tuple(programs),
        tests=tuple(tests),
        labels=tuple(labels[column] for column in kept),
        label_passes=passes[:, kept],
        test_passes=passes[:, len(labels) :],
        unknown=unknown,
        reference=None if reference is None else tuple(_row(reference, columns[len(labels) :], runs)),
        executions=len(runs),
        timeouts=sum(verdict is Verdict.TIMEOUT for verdict, _ in runs.values()),
        seconds=time.monotonic() - begun,
        notes=dict(notes),
    )


def _of(answers: Answers, role: str) -> tuple[Answer, ...]:
    return answers.answers[role]  # type: ignore[index]  # the names are RoleName's


Runs = dict[tuple[str, str], tuple[Verdict, str]]
"""Verdict and output of each pair of program and input."""


async def _run(
    programs: Iterable[str | None], columns: list[UnitTest], problem: Problem, box: Sandbox, rules: ExecutionRules
) -> Runs:
    inputs = list(dict.fromkeys(test.stdin for test in columns))
    sources = list(dict.fromkeys(program for program in programs if program is not None))
    if not inputs or not sources:
        return {}
    limits = Limits(cpu_s=rules.time_limit_s or problem.time_limit_s, memory_mb=problem.memory_mb)
    given = tuple(text.encode(errors="replace") for text in inputs)
    jobs = [
        Job(str(number), source, given, limits, give_up_after=rules.give_up_after)
        for number, source in enumerate(sources)
    ]
    runs: Runs = {}
    async with aclosing(box.run(jobs)) as executions:
        async for execution in executions:
            pair = (sources[int(execution.job)], inputs[execution.index])
            runs[pair] = (execution.verdict, execution.stdout.decode(errors="replace"))
    return runs


def _row(program: str | None, columns: Iterable[UnitTest], runs: Runs) -> list[bool]:
    if program is None:
        return [False for _ in columns]
    row = []
    for test in columns:
        verdict, output = runs[program, test.stdin]
        row.append(verdict is Verdict.OK and tokens(output, test.expected))
    return row
