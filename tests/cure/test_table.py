from dataclasses import replace

from cure.table import clusters, pass_matrix
from tests.cure.tables import draw


def test_pass_matrix_has_a_row_per_candidate_and_a_column_per_test() -> None:
    assert pass_matrix(draw("..a", ".b.")).tolist() == [[True, True, False], [True, False, True]]


def test_pass_matrix_of_an_empty_table_keeps_its_shape() -> None:
    table = draw("...")
    assert pass_matrix(table, tests=[]).shape == (1, 0)


def test_candidates_with_equal_outputs_are_one_cluster_even_where_they_fail() -> None:
    assert clusters(draw(".a", ".b", ".a", "!a")) == [["c0", "c2"], ["c1"], ["c3"]]


def test_outputs_that_differ_only_in_white_space_are_the_same_behaviour() -> None:
    table = draw("a", "a")
    cells = dict(table.cells)
    cells["c0", "t0"] = replace(cells["c0", "t0"], stdout="  a\n\n")
    assert clusters(table.__class__(table.candidates, table.tests, cells)) == [["c0", "c1"]]


def test_a_failed_sandbox_says_nothing_about_the_program() -> None:
    table = draw("?")
    assert not table.known("c0", "t0")
    assert not table.passes("c0", "t0")


def test_outputs_that_pass_the_same_test_are_alike_however_they_are_written() -> None:
    table = draw("..", "..")
    cells = {**table.cells, ("c1", "t0"): replace(table.cells["c1", "t0"], stdout="ok.0000001\n")}
    assert clusters(replace(table, cells=cells)) == [["c0", "c1"]]


def test_candidates_of_which_nothing_is_known_agree_with_nobody() -> None:
    assert clusters(draw("??", "??", "..")) == [["c0"], ["c1"], ["c2"]]
    assert clusters(draw("", "")) == [["c0"], ["c1"]]
