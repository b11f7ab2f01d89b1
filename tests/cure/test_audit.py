"""What the audit (`cure/audit`) says of generated tests: mutants killed, duplicates, contradictions, vacuous tests."""

from __future__ import annotations

from dataclasses import replace

import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from cure.audit import Mutant, MutantRun, TestAudit, audit, run_mutants
from cure.problem import Problem, UnitTest
from cure.select import confidence, validity_of_tests
from cure.table import Candidate, ProgramExecutor, ProgramTable, fill, judging_of
from sandbox import open_sandbox
from tests.cure.tables import draw


def audited(table: ProgramTable, leader: str | None = "c0", *runs: MutantRun) -> dict[str, TestAudit]:
    validity = validity_of_tests(table, confidence(table))
    return {each.test: each for each in audit(table, validity, leader, runs)}


def ran(fault: str, passed: str = "", failed: str = "", apart: bool = True) -> MutantRun:
    return MutantRun(
        mutant=Mutant(fault, fault), passed=frozenset(passed.split()), failed=frozenset(failed.split()), apart=apart
    )


def test_a_test_kills_the_behaviours_that_fail_it_each_named_once() -> None:
    found = audited(draw("...", "a.b", "a.b", ".!."))["t0"]
    assert (found.kills, found.passing, found.programs, found.leader_passes) == (("c1",), 2, 4, True)
    assert audited(draw("...", "a.b", "a.b", ".!."))["t1"].kills == ("c3",)


def test_a_test_that_everything_passes_is_vacuous_until_a_mutant_fails_it() -> None:
    table = draw("..", ".a")
    assert [each.vacuous for each in audited(table).values()] == [True, False]
    alive, dead = ran("a", passed="t0 t1"), ran("b", passed="t1", failed="t0")
    assert audited(table, "c0", alive)["t0"].vacuous
    assert not audited(table, "c0", alive, dead)["t0"].vacuous
    assert audited(table, "c0", alive, dead)["t0"].mutants_killed == ("b",)
    assert audited(table, "c0", alive, dead)["t0"].mutants == 2


def test_mutants_that_nothing_tells_from_the_program_do_not_count() -> None:
    assert audited(draw(".."), "c0", ran("a", passed="t0 t1", apart=False))["t0"].mutants == 0


def test_mutants_that_the_examples_miss_are_counted_apart() -> None:
    table = draw("..", trusted=1)
    found = audited(table, "c0", ran("a", failed="t0 t1"), ran("b", passed="t0", failed="t1"))["t1"]
    assert (len(found.mutants_killed), found.beyond_examples) == (2, 1)


def with_tests(table: ProgramTable, **tests: UnitTest) -> ProgramTable:
    return replace(table, tests={**table.tests, **tests})


def test_equal_inputs_are_duplicates_or_contradictions_and_examples_are_repeated() -> None:
    table = with_tests(
        draw(".....", trusted=1),
        t1=UnitTest("1 2", "3", "generated"),
        t2=UnitTest("1  2\n", "3\n", "generated"),
        t3=UnitTest("1 2", "4", "generated"),
        t4=UnitTest("input 0", "no", "generated"),
    )
    found = audited(table)
    assert [each.same_as for each in found.values()] == [(), ("t1",), (), ()]
    assert [each.contradicts for each in found.values()] == [("t3",), ("t3",), ("t1", "t2"), ("t0",)]
    assert [each.repeats for each in found.values()] == [None, None, None, "t0"]
    several_right = {each.test: each for each in audit(table, {}, "c0", equal=None)}
    assert not several_right["t3"].contradicts and several_right["t2"].same_as == ("t1",)


def test_what_was_not_run_kills_nothing_and_is_not_vacuous() -> None:
    (found,) = audited(draw("?", "?")).values()
    assert (found.programs, found.kills, found.vacuous, found.failed_by_all) == (0, (), False, False)


@given(
    rows=st.integers(1, 5).flatmap(
        lambda width: st.lists(st.text("...ab!?", min_size=width, max_size=width), min_size=1, max_size=6)
    ),
    trusted=st.integers(0, 2),
)
def test_a_vacuous_test_kills_nothing_and_a_test_that_no_program_passes_fails_the_leader(
    rows: list[str], trusted: int
) -> None:
    table = draw(*rows, trusted=min(trusted, len(rows[0])))
    for name, each in audited(table).items():
        assert not table.tests[name].trusted
        assert not (each.vacuous and each.kills)
        assert not (each.failed_by_all and each.leader_passes)
        assert each.passing <= each.programs <= len(rows)
        assert "c0" not in each.kills
        assert each.right is not None and 0 <= each.right <= 1


PROGRAM = "n = int(input())\nwhile n > 10:\n    n -= 1\nprint(n)\n"


@pytest_asyncio.fixture
async def table_and_executor():  # type: ignore[no-untyped-def]
    problem = Problem("Print the smaller one of n and 10.", name="p")
    tests = {"e1": UnitTest("3\n", "3\n", "public"), "t1": UnitTest("12\n", "10\n", "generated")}
    sandbox = await open_sandbox("none")
    executor = ProgramExecutor(sandbox, judging_of(problem))
    yield await fill(executor, ProgramTable({"c1": Candidate(PROGRAM)}, tests)), executor
    await sandbox.close()


async def test_mutants_run_on_the_tests_and_leave_the_table_alone(table_and_executor) -> None:  # type: ignore[no-untyped-def]
    table, executor = table_and_executor
    cells = dict(table.cells)
    runs = {run.mutant.fault: run for run in await run_mutants(executor, table, "c1")}
    assert table.cells == cells and list(table.candidates) == ["c1"]
    off = runs["constant 10 became 11 in line 2"]
    assert (off.passed, off.failed, off.apart) == ({"e1"}, {"t1"}, True)
    endless = runs["operator - became + in line 3"]
    assert endless.failed == {"t1"} and endless.passed == {"e1"}
    found = {each.test: each for each in audit(table, {}, "c1", list(runs.values()))}
    assert off.mutant.fault in found["t1"].mutants_killed and found["t1"].beyond_examples >= 2


async def test_mutants_stop_at_their_number_and_at_their_time(table_and_executor) -> None:  # type: ignore[no-untyped-def]
    table, executor = table_and_executor
    assert len(await run_mutants(executor, table, "c1", most=2)) == 2
    slow = replace(table, candidates={"c1": Candidate("__import__('time').sleep(60 + int(input()))")})
    in_time = await run_mutants(executor, slow, "c1", seconds=0.5)
    assert {run.mutant.fault for run in in_time} <= {"statement removed in line 1"}
