"""A set of problems with everything that scoring needs to know about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cure.metrics.release import ReleaseOptions
from cure.metrics.verdicts import ProblemVerdicts


@dataclass(frozen=True, kw_only=True)
class ScoredCase:
    """Problems with their verdicts, the options of the released evaluation, and what the programs were judged by."""

    problems: Sequence[ProblemVerdicts]
    options: ReleaseOptions = field(default_factory=ReleaseOptions)
    name: str = ""
    data: str | None = None
    """SHA-256 of the data set; None where it is not stored."""
    checker: str | None = None
    """Name of the comparison of outputs; None where it is not stored."""

    def sandbox_failure(self) -> str:
        """The first table row with a cell the sandbox failed on; empty where there is none."""
        for index, problem in enumerate(self.problems):
            for table, known in (("test_table", problem.hidden_known), ("case_table", problem.generated_known)):
                if not known.all():
                    row = int(np.argmin(known.all(axis=1)))
                    return f"problems[{index}]: {table!r} row {row}"
        return ""
