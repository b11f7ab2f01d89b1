"""Passes and fails per behaviour, counted from an execution table; the posterior is computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cure.table import AnyTable, clusters, pass_matrix


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Passes and fails of each behaviour on each independent test; candidates that behave alike count once.

    A test is independent unless it is generated and repeats a trusted test's input: see `ExecutionTable.independent`.
    """

    groups: tuple[tuple[str, ...], ...]
    """Names of the candidates of each behaviour."""
    passed: NDArray[np.bool_]
    """(groups, tests): whether the behaviour passes the test."""
    known: NDArray[np.bool_]
    """(groups, tests): whether it is known if the behaviour passes; it is not where the test was not run or the sandbox
    failed."""
    trusted: NDArray[np.bool_]
    """(tests,): whether the test is trusted."""

    @property
    def sizes(self) -> list[int]:
        """(groups,): how many candidates show each behaviour."""
        return [len(group) for group in self.groups]


def evidence(table: AnyTable) -> Evidence:
    """The evidence of a table. Behaviours without a known result are left out, unless no behaviour has one."""
    # Inputs without a known output are left out: with them the probabilities were too low
    # (docs/measurements.md, "Inputs made without a model").
    behaviours = [tuple(group) for group in clusters(table, table.independent)]
    judged = [group for group in behaviours if any(table.known(group[0], name) for name in table.independent)]
    groups = judged or behaviours
    first = [group[0] for group in groups]
    tests = table.independent
    known = [[table.known(candidate, name) for name in tests] for candidate in first]
    return Evidence(
        groups=tuple(groups),
        passed=pass_matrix(table, first, tests),
        known=np.array(known, dtype=bool).reshape(len(groups), len(tests)),
        trusted=np.array([table.tests[name].trusted for name in tests], dtype=bool),
    )
