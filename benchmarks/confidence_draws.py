"""Random parts of stored tables as arrays: some of the programs, generated tests and new inputs, with the truth.

The inputs of the hidden tests, without their outputs, stand for new inputs: columns without an expected output.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.tables.stored import LabelledTable, fold, load, part_of
from cure.select.passes import Booleans, Ints, Passes, passes_of
from cure.table.compare import normalise

ALL = 32
"""The largest number of new inputs taken; equal to the number that the solver makes."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """The table of one problem as arrays."""

    coder: str
    tester: str
    name: str
    fold: int
    passed: Booleans
    """(programs, generated tests): passed."""
    known: Booleans
    """(programs, generated tests): the program was run on the test, and the sandbox did not fail."""
    trusted: Booleans
    """(programs, public examples): passed."""
    outputs: Ints
    """(programs, inputs of tests): numbers of outputs, as in `cure.select.passes.Passes`."""
    generated_at: Ints
    """(generated tests,): places of their inputs in `outputs`."""
    trusted_at: Ints
    """(public examples,): places of their inputs in `outputs`."""
    new: Ints
    """(programs, new inputs): numbers of outputs on the inputs of those hidden tests whose input no other test has."""
    right: Booleans
    """(programs,): passes every hidden test."""

    @property
    def key(self) -> tuple[str, str]:
        """Coder and problem: figures count them once, however many testers there are."""
        return self.coder, self.name


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Parts of one problem's table, all of one size."""

    problem: Problem
    size: tuple[int, int]
    """Programs and generated tests asked for; the table may have fewer."""
    public: bool
    """Whether the public examples are part of the table."""
    inputs: int
    """New inputs asked for."""
    passes: Passes
    """Verdicts and outputs of the parts, as arrays whose first axis is the part."""
    right: Booleans
    """(parts, programs): passes every hidden test."""


def problems(paths: Sequence[Path]) -> list[Problem]:
    """The problems of the files that have a program and a hidden test."""
    return [arrays(table) for path in paths for table in load(path) if table.right and table.inputs.tests]


def draws(
    problem: Problem,
    sizes: Sequence[tuple[int, int]],
    inputs: Sequence[int],
    count: int,
    *,
    public: Sequence[bool] = (True, False),
) -> Iterator[Drawn]:
    """`count` random parts for every size, number of new inputs, and choice of public examples.

    A size that is larger than the table is left out if it leads to the same part as another size, and so is a part
    without any test.
    """
    seen: set[tuple[int, int]] = set()
    for n, m in sizes:
        programs, tests = min(n, len(problem.right)), min(m, problem.passed.shape[1])
        if (programs, tests) in seen:
            continue
        seen.add((programs, tests))
        random = np.random.default_rng([zlib.crc32(problem.name.encode()), programs, tests])
        for given in public:
            if not tests and not (given and problem.trusted.shape[1]):
                continue
            for new in inputs:
                yield _drawn(problem, (n, m), given, new, count, random)


def arrays(table: LabelledTable) -> Problem:
    """The table of one problem as arrays."""
    tested = table.table
    inputs = {normalise(test.stimulus) for test in tested.tests.values()}
    unlike = [name for name, test in table.inputs.tests.items() if normalise(test.stimulus) not in inputs]
    hidden = passes_of(part_of(table.inputs, table.inputs.candidates, unlike)).outputs
    seen = passes_of(tested)
    places: dict[str, int] = {}
    for name in tested.compared:
        places.setdefault(tested.tests[name].stimulus, len(places))

    def at(names: Sequence[str]) -> Ints:
        return np.array([places[tested.tests[name].stimulus] for name in names], dtype=np.int64)

    return Problem(
        coder=table.coder,
        tester=table.tester,
        name=table.problem,
        fold=fold(table.problem),
        passed=seen.passed,
        known=seen.known,
        trusted=seen.trusted,
        outputs=seen.outputs,
        generated_at=at(tested.names(trusted=False)),
        trusted_at=at(tested.names(trusted=True)),
        new=hidden,
        right=np.array([table.right[name] for name in tested.candidates]),
    )


def _drawn(
    problem: Problem, size: tuple[int, int], public: bool, inputs: int, count: int, random: np.random.Generator
) -> Drawn:
    def chosen(available: int, wanted: int) -> Ints:
        return random.permuted(np.tile(np.arange(available), (count, 1)), axis=1)[:, :wanted]

    rows = chosen(len(problem.right), size[0])
    tests = chosen(problem.passed.shape[1], size[1])
    new = chosen(problem.new.shape[1], inputs)
    at = problem.generated_at[tests]
    repeated = ((at[:, :, None] == at[:, None, :]) & np.tri(at.shape[1], k=-1, dtype=np.bool_)).any(axis=2)
    row = rows[:, :, None]
    answers = problem.outputs[row, at[:, None, :]]
    outputs = [np.where(repeated[:, None, :], -1, answers)]
    if public:
        outputs.append(problem.outputs[rows][:, :, problem.trusted_at])
    outputs.append(problem.new[row, new[:, None, :]])
    return Drawn(
        problem=problem,
        size=size,
        public=public and problem.trusted.shape[1] > 0,
        inputs=inputs,
        passes=Passes(
            passed=problem.passed[row, tests[:, None, :]],
            known=problem.known[row, tests[:, None, :]],
            outputs=np.concatenate(outputs, axis=2),
            answers=answers,
            trusted=problem.trusted[rows] if public else problem.trusted[rows][:, :, :0],
            unjudged=new.shape[1],
        ),
        right=problem.right[rows],
    )
