"""Which candidate may be the answer, which failed tests may be shown to a repair, which behaviours are undecided."""

from cure.select import answer_of, believed_failures, confidence, rank_by_max_pass, viable
from cure.select.distinguish import undecided
from tests.cure.tables import draw


def test_trusted_failures_come_first() -> None:
    table = draw("b..a", "....", "....", "...c", trusted=1)
    assert believed_failures(table, "c0", confidence(table)) == ["t0", "t3"]


def test_tests_that_only_doubtful_programs_pass_are_not_believed() -> None:
    table = draw(*["....a"] * 6, "bbbb.", trusted=1)
    assert "t4" not in believed_failures(table, "c0", confidence(table))


def test_a_failed_sandbox_is_no_failure_to_repair() -> None:
    table = draw("?", trusted=1)
    assert believed_failures(table, "c0", confidence(table)) == []


def test_viable_means_every_example_passes_or_without_examples_that_it_runs() -> None:
    assert viable(draw(".a", trusted=1), "c0")
    assert not viable(draw("a.", trusted=1), "c0")
    assert viable(draw("a"), "c0")
    assert not viable(draw("!!"), "c0")
    assert viable(draw(""), "c0")


def test_the_answer_is_the_first_viable_one_not_only_the_first() -> None:
    table = draw("a...", ".aaa", trusted=1)
    assert rank_by_max_pass(table).best == "c0"
    assert answer_of(table, rank_by_max_pass(table)) == "c1"
    assert answer_of(draw("a", trusted=1), rank_by_max_pass(draw("a", trusted=1))) is None


def test_two_viable_behaviours_that_are_about_as_probable_are_undecided() -> None:
    table = draw("..a", ".a.", trusted=1)
    assert undecided(table, confidence(table)) == ("c0", "c1")


def test_nothing_is_undecided_when_one_behaviour_is_far_ahead_or_alone_or_not_viable() -> None:
    for table in (draw(*["......"] * 6, "..aaaa", trusted=1), draw("..", "..", trusted=1), draw("a.", "b.", trusted=1)):
        assert undecided(table, confidence(table)) is None
