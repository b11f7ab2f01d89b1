"""The default selector: generated tests that programs outvote do not count, all others do."""

from __future__ import annotations

from cure.problem import UnitTest
from cure.select import Ranking, rank_by_agreement, rank_by_outvoted
from cure.select.outvoted import MAJORITY
from cure.table import Candidate, Cell, ProgramTable
from sandbox import Verdict
from tests.cure.tables import draw

FOUR, FIVE = 4, 5


def programs(ranking: Ranking) -> dict[str, tuple[float, ...]]:
    return {ranked.candidate: ranked.score for ranked in ranking.ranked}


def test_five_programs_that_print_the_same_outvote_a_test_that_one_program_passes() -> None:
    assert MAJORITY == FIVE
    table = draw("....", *["..aa"] * FIVE, trusted=1)
    assert rank_by_agreement(table).best == "c0"
    assert rank_by_outvoted(table).best == "c1"
    assert programs(rank_by_outvoted(table))["c0"] == (1.0, 1.0, 0.5)


def test_four_programs_do_not_outvote_a_test() -> None:
    assert rank_by_outvoted(draw("....", *["..aa"] * FOUR, trusted=1)).best == "c0"


def test_five_programs_do_not_outvote_two_that_pass_the_test() -> None:
    assert rank_by_outvoted(draw("...", "...", *["..a"] * FIVE, trusted=1)).best == "c0"


def test_programs_that_print_different_things_outvote_no_test() -> None:
    assert rank_by_outvoted(draw("..", ".a", ".b", ".c", ".d", ".e", ".f", trusted=1)).best == "c0"


def test_programs_that_crash_outvote_no_test() -> None:
    assert rank_by_outvoted(draw("..", *[".!"] * 8, trusted=1)).best == "c0"


def test_programs_that_fail_a_trusted_test_have_no_vote() -> None:
    table = draw("..", *["xa"] * 8, trusted=1)
    assert rank_by_outvoted(table).ranked[0].score == (1.0, 1.0, 0.0)


def test_a_supporter_that_fails_a_trusted_test_does_not_keep_a_test() -> None:
    assert rank_by_outvoted(draw("...", "x..", *["..a"] * FIVE, trusted=1)).best == "c2"


def test_a_trusted_test_cannot_be_outvoted() -> None:
    assert rank_by_outvoted(draw("..", *["a."] * 8, trusted=1)).best == "c0"


def test_agreement_on_new_inputs_decides_between_equals() -> None:
    assert rank_by_outvoted(draw("..b", "..a", "..a", trusted=1, inputs=1)).best == "c1"


def test_of_two_tests_with_one_input_only_the_outvoted_one_is_left_out() -> None:
    """`t0` expects what five programs print, `t1` what one prints."""
    printed = {"c0": "wrong\n", **{f"c{number}": "right\n" for number in range(1, FIVE + 1)}}
    tests = {"t0": UnitTest("1\n", "right\n"), "t1": UnitTest("1\n", "wrong\n")}
    cells = {
        (name, test): Cell(verdict=Verdict.OK, passed=output == column.expected, stdout=output)
        for name, output in printed.items()
        for test, column in tests.items()
    }
    ranking = rank_by_outvoted(ProgramTable({name: Candidate(name) for name in printed}, tests, cells))
    assert ranking.best == "c1"
    assert {name: score[1] for name, score in programs(ranking).items()} == {"c0": 0.0} | dict.fromkeys(
        [f"c{number}" for number in range(1, FIVE + 1)], 1.0
    )
