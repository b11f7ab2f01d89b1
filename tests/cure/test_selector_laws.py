"""Laws of every selector: scores do not depend on the order of candidates and tests, candidates of equal behaviour
score alike, every table gets a ranking. Except for `learned`, a duplicate of the chosen candidate leaves its behaviour
chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.problem import UnitTest
from cure.select import SELECTORS, Ranking
from cure.table import Candidate, Cell, ProgramTable, behaviour
from sandbox import Verdict
from tests.cure.tables import draw

NAMES = sorted(SELECTORS)
ROWS = st.integers(0, 5).flatmap(
    lambda width: st.lists(st.text(alphabet="..ab!?", min_size=width, max_size=width), min_size=1, max_size=6)
)
every_selector = pytest.mark.parametrize("name", NAMES)


def scores(ranking: Ranking) -> dict[str, tuple[float, ...]]:
    return {ranked.candidate: ranked.score for ranked in ranking.ranked}


def leaders(ranking: Ranking) -> set[str]:
    return {ranked.candidate for ranked in ranking.ranked if ranked.score == ranking.ranked[0].score}


def permuted(table: ProgramTable, rows: Sequence[str], columns: Sequence[str]) -> ProgramTable:
    cells = {(row, column): table.cells[row, column] for row in rows for column in columns}
    return ProgramTable({row: table.candidates[row] for row in rows}, {c: table.tests[c] for c in columns}, cells)


@every_selector
@given(data=st.data(), drawn=ROWS, trusted=st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_the_order_of_candidates_and_tests_changes_no_score(
    name: str, data: Any, drawn: list[str], trusted: int
) -> None:
    table = draw(*drawn, trusted=trusted)
    rows = data.draw(st.permutations(list(table.candidates)))
    columns = data.draw(st.permutations(list(table.tests)))
    select = SELECTORS[name]
    changed = select(permuted(table, rows, columns))
    before = scores(select(table))
    for candidate, score in scores(changed).items():
        assert score == pytest.approx(before[candidate])
    assert leaders(changed) == leaders(select(table))
    ties = [ranked.candidate for ranked in changed.ranked if ranked.score == changed.ranked[0].score]
    assert ties == [row for row in rows if row in ties]


@every_selector
@given(drawn=ROWS, trusted=st.integers(0, 2), which=st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_candidates_of_equal_behaviour_have_equal_scores(name: str, drawn: list[str], trusted: int, which: int) -> None:
    rows = [*drawn, drawn[which % len(drawn)]]
    found = scores(SELECTORS[name](draw(*rows, trusted=trusted)))
    assert found[f"c{len(drawn)}"] == found[f"c{which % len(drawn)}"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "learned"])
@given(drawn=ROWS, trusted=st.integers(0, 2))
@settings(max_examples=30, deadline=None)
def test_a_duplicate_of_the_chosen_candidate_leaves_its_behaviour_chosen(
    name: str, drawn: list[str], trusted: int
) -> None:
    best = SELECTORS[name](draw(*drawn, trusted=trusted)).best
    assert best is not None
    table = draw(*drawn, drawn[int(best[1:])], trusted=trusted)
    again = SELECTORS[name](table).best
    assert again is not None
    assert behaviour(table, again) == behaviour(table, best)


def ok(printed: str, passed: bool) -> Cell:
    return Cell(verdict=Verdict.OK, passed=passed, stdout=printed)


def unreliable() -> ProgramTable:
    """Two tests with one input, for which the first program printed a different output each time, and passed both."""
    tests = {"t0": UnitTest("1\n", "a\n"), "t1": UnitTest("1\n", "b\n")}
    cells = {("c0", "t0"): ok("a", True), ("c0", "t1"): ok("b", True), ("c1", "t0"): ok("b", False)}
    return ProgramTable({"c0": Candidate("x"), "c1": Candidate("y")}, tests, cells)


def large() -> ProgramTable:
    table = draw(".a.", ".aa", "!.a")
    printed = {pair: replace(cell, stdout="9 " * 1_000_000) for pair, cell in table.cells.items() if not cell.passed}
    return ProgramTable(table.candidates, table.tests, {**table.cells, **printed})


ADVERSARIAL = {
    "no tests": draw("", "", ""),
    "no cells": ProgramTable(draw("..", "..").candidates, draw("..").tests, {}),
    "all tests wrong": draw("aaa", "aab", "bab"),
    "all programs equal": draw(".a.", ".a.", ".a."),
    "one program": draw(".a!"),
    "one program and no test": draw(""),
    "crashes everywhere": draw("!!!", "!!!"),
    "nothing known": draw("???", "???"),
    "outputs of megabytes": large(),
    "programs that print something else each time": unreliable(),
    "all trusted tests failed": draw("ab.", "b..", trusted=2),
}


@every_selector
@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_an_adversarial_table_gets_a_ranking_of_finite_scores(name: str, kind: str) -> None:
    table = ADVERSARIAL[kind]
    ranking = SELECTORS[name](table)
    assert sorted(scores(ranking)) == sorted(table.candidates)
    assert all(len(ranked.score) == len(ranking.score_names) for ranked in ranking.ranked)
    assert all(math.isfinite(part) for ranked in ranking.ranked for part in ranked.score)


@every_selector
def test_where_nothing_tells_programs_apart_the_first_is_chosen(name: str) -> None:
    for kind in ("no tests", "all programs equal", "crashes everywhere", "nothing known", "no cells"):
        assert SELECTORS[name](ADVERSARIAL[kind]).best == "c0"


@pytest.mark.parametrize("name", ["agreement", "max-pass", "coderm"])
def test_a_test_that_echoes_a_wrong_program_misleads_those_that_count_tests(name: str) -> None:
    assert SELECTORS[name](draw("....a", "....b", "aaaa.", "aaaa.")).best == "c0"
