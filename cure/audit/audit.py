"""The audit of generated tests, read from the execution table and from the tests that mutants pass and fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cure.audit.run import MutantRun
from cure.table import AnyTable, clusters
from cure.table.compare import Comparison, normalise, tokens


@dataclass(frozen=True, kw_only=True)
class TestAudit:
    """What one generated test is worth.

    A test kills the programs and mutants that fail it; below, "it" is this test. The leading program is the answer, or
    the first of the ranking.
    """

    __test__ = False
    test: str
    right: float | None
    """Probability in 0..1 that its expected output is right; None where it is not known."""
    programs: int
    """Number of programs that were run on it."""
    passing: int
    """Number of the programs run on it that pass it."""
    leader_passes: bool
    """Whether the leading program passes it."""
    kills: tuple[str, ...]
    """The behaviours that fail it, other than that of the leading program, each by the name of its first program."""
    mutants: int
    """Number of mutants of the leading program that were run on it. Mutants that do the same as that program on the
    inputs of all tests are left out, since they may be equivalent to it."""
    mutants_killed: tuple[str, ...]
    """Faults of the mutants that fail it."""
    beyond_examples: int
    """Number of the mutants that fail it and no trusted test."""
    repeats: str | None
    """The first trusted test with the same input; None if there is none."""
    same_as: tuple[str, ...]
    """Earlier generated tests with the same input and the same expected output."""
    contradicts: tuple[str, ...]
    """Tests with the same input and another expected output: at most one of them is right."""

    @property
    def vacuous(self) -> bool:
        """Whether it tells nothing apart: every program and every mutant that was run on it passes it."""
        return self.programs > 0 and self.passing == self.programs and not self.mutants_killed

    @property
    def failed_by_all(self) -> bool:
        """Whether no program that was run on it passes it."""
        return self.programs > 0 and not self.passing


def audit(
    table: AnyTable,
    validity: Mapping[str, float],
    leader: str | None,
    runs: Sequence[MutantRun] = (),
    equal: Comparison | None = tokens,
) -> list[TestAudit]:
    """The audit of each generated test, in the table's order.

    `validity` has the probability that each test is right (`cure.select.validity_of_tests`), `leader` names the leading
    program, `runs` are those of its mutants. `equal` says whether two expected outputs are the same; None where a
    problem has several right answers, so that tests with different ones do not contradict each other.
    """
    judging = [name for name, test in table.tests.items() if test.judges]
    by_input: dict[str, list[str]] = {}
    for name in judging:
        by_input.setdefault(normalise(table.tests[name].stimulus), []).append(name)
    groups = [group for group in clusters(table) if leader not in group]
    apart = [run for run in runs if run.apart]
    generated = [name for name in judging if not table.tests[name].trusted]
    return [_audit(table, name, validity.get(name), leader, groups, apart, by_input, equal) for name in generated]


def _audit(
    table: AnyTable,
    name: str,
    right: float | None,
    leader: str | None,
    groups: Sequence[Sequence[str]],
    runs: Sequence[MutantRun],
    by_input: Mapping[str, Sequence[str]],
    equal: Comparison | None,
) -> TestAudit:
    tests, ran = table.tests, [each for each in table.candidates if table.known(each, name)]
    trusted = {each for each, test in tests.items() if test.trusted}
    killed = [run for run in runs if name in run.failed]
    alike = [each for each in by_input[normalise(tests[name].stimulus)] if each != name]
    same = [each for each in alike if _same(tests[each].expected, tests[name].expected, equal)]
    other = [each for each in alike if each not in same and equal is not None]
    order = list(tests)
    return TestAudit(
        test=name,
        right=right,
        programs=len(ran),
        passing=sum(table.passes(each, name) for each in ran),
        leader_passes=leader is not None and table.passes(leader, name),
        kills=tuple(group[0] for group in groups if table.known(group[0], name) and not table.passes(group[0], name)),
        mutants=sum(name in run.failed or name in run.passed for run in runs),
        mutants_killed=tuple(run.mutant.fault for run in killed),
        beyond_examples=sum(not run.failed & trusted for run in killed),
        repeats=next((each for each in alike if tests[each].trusted), None),
        same_as=tuple(each for each in same if not tests[each].trusted and order.index(each) < order.index(name)),
        contradicts=tuple(other),
    )


def _same(one: str | None, other: str | None, equal: Comparison | None) -> bool:
    if one is None or other is None:
        return one is other
    # Some comparisons are not symmetric, such as that of a number with an expected one.
    return normalise(one) == normalise(other) or (equal is not None and equal(one, other) and equal(other, one))
