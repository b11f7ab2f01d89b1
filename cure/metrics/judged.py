"""Which programs are right, wrong or undecided by the hidden tests that a metric uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cure.metrics.verdicts import Booleans, Outputs, ProblemVerdicts


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A problem reduced to the programs that are known to be right or wrong; there may be none."""

    problem: ProblemVerdicts
    right: Booleans
    """(judged programs,): passes every hidden test used."""
    generated: Booleans
    """(judged programs, tests requested): passed."""
    generated_known: Booleans
    """(judged programs, tests requested): False where the sandbox failed."""
    public: Booleans
    """(judged programs, public examples): passed."""
    outputs: Outputs | None
    """(judged programs, tests requested), as in `ProblemVerdicts.outputs`; None where the outputs are not stored."""
    hidden: Booleans
    """(judged programs, hidden tests used): passed."""
    hidden_known: Booleans
    """(judged programs, hidden tests used): False where the sandbox failed."""
    right_by_all: Booleans
    """(judged programs,): fails none of the hidden tests stored, used or not."""
    undecided: int
    """Programs that cannot be judged because the sandbox failed on their hidden tests."""

    @property
    def programs(self) -> int:
        """How many programs are judged."""
        return len(self.right)

    @property
    def extracted(self) -> Booleans:
        """(tests requested,): which of the requested tests were extracted."""
        return self.problem.extracted_tests


def judge(problem: ProblemVerdicts, max_test: int | None = None) -> Judged:
    """The problem judged by the first `max_test` hidden tests, by all of them for None.

    A program is right if it passes all these tests and wrong if it fails any; it is undecided if it fails none but the
    sandbox failed on some. Without hidden tests no program is judged.
    """
    hidden, known = problem.hidden[:, :max_test], problem.hidden_known[:, :max_test]
    right: Booleans = np.asarray(hidden.all(axis=1))
    wrong: Booleans = np.asarray((known & ~hidden).any(axis=1))
    judged = (right | wrong) if hidden.shape[1] else np.zeros(problem.programs, dtype=np.bool_)
    return Judged(
        problem=problem,
        right=right[judged],
        generated=problem.generated[judged],
        generated_known=problem.generated_known[judged],
        public=problem.public[judged],
        outputs=None if problem.outputs is None else problem.outputs[judged],
        hidden=hidden[judged],
        hidden_known=known[judged],
        right_by_all=np.asarray((problem.hidden | ~problem.hidden_known).all(axis=1))[judged],
        undecided=int((~judged).sum()) if hidden.shape[1] else 0,
    )


def judge_all(problems: Sequence[ProblemVerdicts], max_test: int | None = None) -> list[Judged]:
    """Every problem judged by `judge`, in order."""
    return [judge(problem, max_test) for problem in problems]
