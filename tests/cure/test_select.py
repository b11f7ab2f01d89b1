import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.select import SELECTORS, rank_by_agreement, rank_by_max_pass, selector
from cure.table import ExecutionTable
from tests.cure.tables import draw

ROWS = st.lists(st.text(alphabet=".ab!", min_size=4, max_size=4), min_size=1, max_size=6)


def order(table: ExecutionTable, name: str) -> list[str]:
    return [ranked.candidate for ranked in selector(name)(table).ranked]


def test_max_pass_takes_the_first_of_equals() -> None:
    assert rank_by_max_pass(draw(".a", "a.", "..", "..")).best == "c2"


def test_trusted_tests_outrank_any_number_of_generated_ones() -> None:
    table = draw("a...", ".aaa", trusted=1)
    assert rank_by_agreement(table).best == "c1"
    assert rank_by_max_pass(table).best == "c0"


def test_ties_go_to_the_outputs_most_programs_agree_on() -> None:
    table = draw(".x", ".y", ".y")
    assert rank_by_max_pass(table).best == "c0"
    assert rank_by_agreement(table).best == "c1"


def test_crashes_do_not_agree_with_each_other() -> None:
    assert rank_by_agreement(draw(".!", ".!", ".a")).ranked[0].score == (0.0, 1.0, 0.5)
    assert rank_by_agreement(draw("!!", "!!", "aa")).best == "c0"


def test_a_table_without_candidates_has_no_best() -> None:
    assert all(select(ExecutionTable()).best is None for select in SELECTORS.values())


def test_an_unknown_selector_names_those_there_are() -> None:
    with pytest.raises(ProblemError, match="agreement"):
        selector("magic")


@given(ROWS)
def test_every_selector_ranks_every_candidate_once(rows: list[str]) -> None:
    table = draw(*rows, trusted=1)
    for name in SELECTORS:
        assert sorted(order(table, name)) == sorted(table.candidates)


@given(ROWS)
def test_agreement_never_prefers_fewer_passed_tests_among_generated_ones(rows: list[str]) -> None:
    table = draw(*rows)
    passed = [sum(table.passes(name, test) for test in table.tests) for name in order(table, "agreement")]
    assert passed == sorted(passed, reverse=True)
