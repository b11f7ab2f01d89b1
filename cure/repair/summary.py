"""A short summary of the execution table for the prompt of a repair: which behaviours there are, how many candidates
show each, and on which inputs they differ. Expected outputs of generated tests are left out, since they may be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from cure.table import AnyTable, clusters
from cure.table.compare import normalise
from sandbox import Verdict

MOST_BEHAVIOURS = 4
MOST_DIFFERENCES = 3
LONGEST_STIMULUS = 300
"""Most characters of an input that is shown; longer inputs are left out."""
LONGEST_OUTPUT = 60
"""Number of an output's first characters that are shown."""

_ENDED = {
    Verdict.TIMEOUT: "runs out of time",
    Verdict.MEMORY: "runs out of memory",
    Verdict.OUTPUT_LIMIT: "prints too much",
}


@dataclass(frozen=True)
class Behaviour:
    """Candidates that do the same in every column of `ExecutionTable.compared`."""

    candidates: int
    """Number of candidates with the behaviour."""
    trusted_passed: int
    """Number of trusted tests that they pass."""


@dataclass(frozen=True)
class SeparatingInput:
    """An input on which behaviours differ."""

    stimulus: str
    did: tuple[str, ...]
    """Per behaviour of the summary, what its candidates did, in words; empty where they were not run."""


@dataclass(frozen=True, kw_only=True)
class TableSummary:
    """What the candidates so far do, compared with one of them, the candidate to repair."""

    inputs: int
    """Number of inputs on which the candidates are compared."""
    trusted: int
    """Number of trusted tests."""
    behaviours: tuple[Behaviour, ...]
    """First the behaviour of the candidate to repair, then those with the most candidates; at most MOST_BEHAVIOURS."""
    left_out: tuple[int, int]
    """Number of the behaviours that are left out, and number of the candidates that show them."""
    differences: tuple[SeparatingInput, ...]
    """Inputs that tell all these behaviours apart, as far as MOST_DIFFERENCES short ones can."""


def summary_of(table: AnyTable, candidate: str, first: Sequence[str] = ()) -> TableSummary:
    """The summary of the table for a repair of `candidate`; columns in `first` are shown before others that tell as
    many pairs of behaviours apart.
    """
    groups = sorted(clusters(table), key=lambda group: (candidate not in group, -len(group)))
    shown, rest = groups[:MOST_BEHAVIOURS], groups[MOST_BEHAVIOURS:]
    trusted = table.names(trusted=True)
    behaviours = (Behaviour(len(group), sum(table.passes(group[0], name) for name in trusted)) for group in shown)
    return TableSummary(
        inputs=len({table.tests[name].stimulus for name in table.compared}),
        trusted=len(trusted),
        behaviours=tuple(behaviours),
        left_out=(len(rest), sum(map(len, rest))),
        differences=_differences(table, [group[0] for group in shown], first),
    )


def _differences(table: AnyTable, candidates: Sequence[str], first: Sequence[str]) -> tuple[SeparatingInput, ...]:
    """The columns found greedily: each tells most of the pairs apart that the earlier ones do not, and at least one."""
    short = [name for name in table.compared if len(table.tests[name].stimulus) <= LONGEST_STIMULUS]
    order = sorted(short, key=lambda name: (name not in first, len(table.tests[name].stimulus)))
    did = {name: tuple(_did(table, candidate, name) for candidate in candidates) for name in order}
    apart = {
        name: {(i, j) for i, j in combinations(range(len(words)), 2) if words[i] and words[j] and words[i] != words[j]}
        for name, words in did.items()
    }
    found: list[str] = []
    while order and len(found) < MOST_DIFFERENCES:
        told = set[tuple[int, int]]().union(*(apart[name] for name in found))
        best = max(order, key=lambda name: len(apart[name] - told))
        if not apart[best] - told:
            break
        found.append(best)
    return tuple(SeparatingInput(table.tests[name].stimulus, did[name]) for name in found)


def _did(table: AnyTable, candidate: str, name: str) -> str:
    """What the candidate did in the column, in words; empty where that is not known."""
    test, cell = table.tests[name], table.cells.get((candidate, name))
    if cell is None or not cell.known:
        return ""
    if test.judges and test.expected is None:
        return "passes" if cell.passed else "fails"
    if cell.verdict is not Verdict.OK:
        return _ENDED.get(cell.verdict) or f"ends with {cell.verdict} {cell.reason}".rstrip()
    # Outputs that pass the same test are alike, however they are written.
    printed = normalise(cell.stdout if not cell.passed or test.expected is None else test.expected)
    if not printed:
        return "prints nothing"
    return f"prints `{printed if len(printed) <= LONGEST_OUTPUT else printed[:LONGEST_OUTPUT] + '...'}`"
