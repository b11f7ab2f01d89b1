"""New inputs: what shape is found, and laws that every input made keeps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.inputs import new_inputs
from cure.inputs.bounds import allowed, stated_intervals
from cure.inputs.infer import shape_of
from cure.inputs.line import Slot
from cure.inputs.make import SHORT
from cure.inputs.shape import Count, lines_of


def made(examples: list[str], statement: str = "", count: int = 40, seed: int = 0) -> list[str]:
    known = {f"e{number}": text for number, text in enumerate(examples, 1)}
    return [each.stdin for each in new_inputs(known, {}, statement, count, seed)]


def test_a_number_that_counts_the_numbers_of_a_line_stays_right() -> None:
    for text in made(["3\n5 1 2\n", "4\n1 1 2 9\n"]):
        count, numbers = text.split("\n")[:2]
        assert int(count) == len(numbers.split())


def test_a_number_that_counts_repeated_lines_stays_right() -> None:
    texts = made(["2 5\n1 2\n3 4\n", "3 1\n0 1\n5 5\n7 2\n"])
    assert {int(text.split()[0]) == len(text.splitlines()) - 1 for text in texts} == {True}
    assert {len(line.split()) for text in texts for line in text.splitlines()} == {2}


def test_test_cases_of_a_count_and_a_list_each_stay_right() -> None:
    for text in made(["2\n3\n1 2 3\n2\n7 7\n", "1\n4\n1 2 3 4\n"]):
        cases, *lines = text.splitlines()
        assert len(lines) == 2 * int(cases)
        assert all(int(size) == len(row.split()) for size, row in zip(lines[::2], lines[1::2], strict=True))


def test_a_grid_keeps_its_height_and_width() -> None:
    for text in made(["2 3\n.R.\n...\n", "3 2\n..\nR.\n.R\n"]):
        size, *rows = text.splitlines()
        height, width = map(int, size.split())
        assert height == len(rows) and {len(row) for row in rows} == {width}


def test_the_length_of_a_word_stays_right() -> None:
    for text in made(["3\nabc\n", "5\nhello\n"]):
        length, word = text.splitlines()
        assert int(length) == len(word)


def test_a_line_that_begins_with_its_own_length_stays_right() -> None:
    for text in made(["3 1 2 3\n", "2 8 9\n"]):
        size, *numbers = text.split()
        assert int(size) == len(numbers)


def test_lists_with_brackets_and_commas_keep_them() -> None:
    texts = made(["[1, 2, 3]\n", "[4]\n", "[5, 6]\n"])
    assert all(text.startswith("[") and text.endswith("]\n") for text in texts)
    assert any(", " in text for text in texts) and all(" " not in text.replace(", ", "") for text in texts)


def test_boundaries_equal_sorted_and_single_elements_are_among_the_inputs() -> None:
    lists = [list(map(int, text.split())) for text in made(["5 3 9 1\n", "2 7 7\n"], count=120)]
    assert any(0 in numbers for numbers in lists)
    assert any(len(numbers) == 1 for numbers in lists)
    assert any(len(numbers) > 2 and len(set(numbers)) == 1 for numbers in lists)
    assert any(len(numbers) > 2 and numbers == sorted(numbers, reverse=True) for numbers in lists)
    assert any(len(numbers) > 4 for numbers in lists)


def test_an_empty_line_is_made_only_where_one_was_seen() -> None:
    assert not any(text == "\n" for text in made(["1 2\n", "3 4 5\n"], count=100))
    assert any(text.startswith("\n") for text in made(["\n3\n", "3 4 5\n1\n"], count=100))


def test_stated_bounds_are_kept_and_numbers_stay_small() -> None:
    numbers = [int(text) for text in made(["3\n", "5\n"], "where $2 \\le n \\leq 10^5$", count=60)]
    assert min(numbers) == 2 and 50 < max(numbers) <= 100


def test_lines_end_alike_whatever_their_marks() -> None:
    assert lines_of("2\r\n1 2\r\n") == lines_of("2\n1 2") == ["2", "1 2"]


@pytest.mark.parametrize(
    ("statement", "intervals"),
    [
        ("1 ≤ n ≤ 10^5", [(1, 100_000)]),
        ("($1 \\leq n, m \\leq 2\\cdot 10^{5}$)", [(1, 200_000)]),
        ("-100 <= x, y <= 1 000", [(-100, 1000)]),
        ("an integer between 3 and 7", [(3, 7)]),
        ("1 ≤ n ≤ 100, 1 ≤ m ≤ 50", [(1, 100), (1, 50)]),
        ("1 ≤ t ≤ 100 1 ≤ n ≤ 10 ^ 4", [(1, 100), (1, 10_000)]),
        ("3 < 4", []),
    ],
)
def test_bounds_are_read_from_statements(statement: str, intervals: list[tuple[int, int]]) -> None:
    assert stated_intervals(statement) == intervals


def test_the_narrowest_stated_interval_that_holds_all_numbers_is_a_columns() -> None:
    column = Slot("integer", ("4", "9"))
    assert allowed(column, [(1, 5), (0, 50), (1, 20)], "") == (1, 20)
    assert allowed(column, [], "positive integers")[0] == 1
    assert allowed(column, [], "integers")[0] == 0


def test_elements_of_a_list_may_be_negative_where_the_statement_leaves_their_sign_open() -> None:
    column = Slot("integer", ("4", "9"))
    assert allowed(column, [], "integers", in_list=True) == (-100, 100)
    assert allowed(column, [], "words", in_list=True)[0] == 0
    assert allowed(column, [], "positive integers", in_list=True)[0] == 1
    assert allowed(column, [], "non-negative integers", in_list=True)[0] == 0
    assert allowed(column, [(1, 50)], "integers", in_list=True) == (1, 50)


def test_lists_of_random_numbers_of_any_size_are_among_the_inputs() -> None:
    lists = [list(map(int, text.split())) for text in made(["5 3 9 1\n", "2 7 7\n"], "integers", count=120)]
    assert any(min(numbers) < 0 and max(numbers) > 9 for numbers in lists)
    assert not any(text.startswith("-") for text in made(["5\n", "2\n"], "integers", count=60))


def test_generated_inputs_of_another_shape_are_taken_for_malformed() -> None:
    shape = shape_of(["2\n1 2\n", "3\n1 2 3\n"], ["4\n1 2 3 4\n", "1 2 3\n", "x\n1\n"])
    assert shape is not None and shape.counts == (Count(line=0, column=0, of="tokens", target=1),)
    assert shape.parse("1 2 3\n") is None and shape.parse("2\n1 2 3\n") is None
    texts = new_inputs({"e1": "2\n1 2\n", "e2": "3\n1 2 3\n"}, {"t1": "1 2 3\n"}, "", 30, 0)
    assert all("t1" not in each.how for each in texts)


def test_inputs_without_a_common_shape_are_changed_each_in_its_own() -> None:
    assert made(["a b\n1\n", "7\n"])


def test_nothing_is_made_of_nothing() -> None:
    assert new_inputs({}, {}, "", 8, 0) == []


numbers = st.integers(-50, 50).map(str)
words = st.text("abc()", max_size=8)
lists = st.lists(numbers, max_size=6).map(" ".join)
lines = st.lists(st.one_of(numbers, words, lists), min_size=1, max_size=4).map(lambda each: "\n".join(each) + "\n")
counted = st.lists(numbers, min_size=1, max_size=6).map(lambda each: f"{len(each)}\n{' '.join(each)}\n")


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(lines, max_size=4), st.lists(counted, min_size=1, max_size=4)), st.integers(0, 2**31))
def test_inputs_are_new_small_of_the_shape_and_determined_by_the_seed(known: list[str], seed: int) -> None:
    texts = made(known, count=12, seed=seed)
    assert texts == made(known, count=12, seed=seed)
    assert len(texts) == len(set(texts)) <= 12 and not set(texts) & set(known)
    assert all(len(text) <= max([SHORT, *(2 * len(each) for each in known)]) for text in texts)
    shape = shape_of(known)
    assert shape is None or all(shape.parse(text) is not None for text in texts)
    read = [(text, shape.parse(text)) for text in texts] if shape else []
    assert all(shape and parsed and shape.render(parsed).split() == text.split() for text, parsed in read)
