"""A set of problems with everything that scoring needs to know about the set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cure.metrics.release import ReleaseOptions
from cure.metrics.verdicts import ProblemVerdicts


@dataclass(frozen=True)
class Missing:
    """Numbers of answers, executions and tables that a problem lacks; they count neither for nor against a model."""

    programs: int = 0
    """Number of missing answers of the coder."""
    tests: int = 0
    """Number of missing answers of the tester."""
    executions: int = 0
    """Number of executions on which the sandbox failed."""
    tables: int = 0
    """1 where there are answers, but nothing has been run yet."""


@dataclass(frozen=True, kw_only=True)
class ScoredCase:
    """Problems with their verdicts, the options of the released evaluation, and the data set and comparison used."""

    problems: Sequence[ProblemVerdicts]
    options: ReleaseOptions = field(default_factory=ReleaseOptions)
    name: str = ""
    data: str | None = None
    """SHA-256 of the data set; None where it is not stored."""
    checker: str | None = None
    """Name of the comparison of outputs; None where it is not stored."""
    missing: Mapping[str, Missing] = field(default_factory=dict)
    """What is missing, by the name of the problem; empty for a case that lacks nothing."""
    by_all_hidden: bool = False
    """Whether all hidden tests judge programs in the standard metrics and in comparisons; else the first
    `options.max_test` do, as in the released metrics."""

    @property
    def max_test(self) -> int | None:
        """How many hidden tests, the first ones, judge programs in the standard metrics; None for all."""
        return None if self.by_all_hidden else self.options.max_test

    @property
    def lacks(self) -> str:
        """What is missing of all problems together, in words; empty where nothing is."""
        counts = {
            "answers of the coder": sum(problem.programs for problem in self.missing.values()),
            "answers of the tester": sum(problem.tests for problem in self.missing.values()),
            "executions": sum(problem.executions for problem in self.missing.values()),
            "tables": sum(problem.tables for problem in self.missing.values()),
        }
        said = [f"{count:,} {what}" for what, count in counts.items() if count]
        return f"{', '.join(said)} of {len(self.missing):,} problems" if said else ""

    def sandbox_failure(self) -> str:
        """The place of the first table row with a cell the sandbox failed on, in words; empty where there is none."""
        for index, problem in enumerate(self.problems):
            for table, known in (("test_table", problem.hidden_known), ("case_table", problem.generated_known)):
                if not known.all():
                    row = int(np.argmin(known.all(axis=1)))
                    return f"problems[{index}]: {table!r} row {row}"
        return ""
