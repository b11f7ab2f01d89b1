"""Values are written as text and read back, also by the source text of reader and writer that goes into programs."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.datasets.functional.codec import read_value, write_value
from evaluator.datasets.functional.forms import Form, choose, from_text, same, survives, to_text
from evaluator.datasets.functional.function import Oracle
from evaluator.datasets.functional.program import codec_source
from evaluator.datasets.functional.results import comparison_of

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(
        ["a b", " a", "a ", "", "a\nb", "\r", "\x0b", "\u2028", "1", "1.0", "True", "None", "inf", "\ud800"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.integers(), st.text(max_size=3)), inner, max_size=3),
        st.sets(st.one_of(st.integers(), st.text(max_size=2)), max_size=3),
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=4), st.sampled_from(["middle", "end", "result"]))
def test_what_survives_is_read_back_as_it_was(values: list[Any], place: Any) -> None:
    form = choose(values, place)
    for value in values if form is not None else ():
        if survives([form], [value]):
            assert same(from_text([form], to_text([form], [value])), [value])


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_arguments_one_after_the_other_are_read_back(values: list[Any]) -> None:
    forms = [choose([value], "middle") for value in values]
    if None not in forms and survives(forms, values):
        assert same(from_text(forms, to_text(forms, values)), values)


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_the_reader_in_a_program_is_the_one_that_proved_it(values: list[Any]) -> None:
    form = choose(values, "end")
    if form is None:
        return
    functions: dict[str, Any] = {}
    exec(codec_source(form), functions)
    for value in values:
        if survives([form], [value]):
            lines = write_value(form, value)
            assert functions["write_value"](form, value) == lines
            assert same(functions["read_value"](form, iter(lines)), read_value(form, iter(lines)))


@pytest.mark.parametrize(
    ("values", "place", "text"),
    [
        ([[1, 2, 3]], "middle", "1 2 3\n"),
        ([[[1, 2], [3, 4]]], "end", "1 2\n3 4\n"),
        ([[[1, 2], [3]]], "end", "1 2\n3\n"),
        ([[[1, 2], [3, 4]]], "middle", "2\n1 2\n3 4\n"),
        ([[[1], []], [[]], []], "end", "2\n1\n\n"),
        ([[[[1, 2], [3]], [[4]]]], "end", "2\n2\n1 2\n3\n1\n4\n"),
        ([["a", "b c"]], "middle", "2\na\nb c\n"),
        ([{"a": 1, "b": 2}], "middle", "2\na 1\nb 2\n"),
        ([{"a b": [1, 2]}], "middle", "1\na b\n1 2\n"),
        ([("English", 88)], "middle", "English 88\n"),
        ([[("Social sciences", 97)]], "middle", "1\nSocial sciences\n97\n"),
        ([1e-101], "middle", "1e-101\n"),
        ([True], "middle", "True\n"),
        ([None], "middle", "None\n"),
        ([{3, 1, 2}], "middle", "1 2 3\n"),
    ],
)
def test_the_first_value_becomes(values: list[Any], place: Any, text: str) -> None:
    form = choose(values, place)
    assert to_text([form], [values[0]]) == text
    assert all(survives([form], [value]) for value in values)


@pytest.mark.parametrize(
    "value", ["a\nb", " a", "a\t", "a\rb", "a\x0cb", "\ud800", math.inf, math.nan, ["a ", "b"], [[]], ["1", 1], [1j]]
)
def test_what_text_cannot_hold_does_not_survive_on_one_line(value: Any) -> None:
    forms: list[Form] = ["line", "float", ("row", "list", "word"), ("row", "list", "atom"), ("rows", "list", "line")]
    assert not any(survives([form], [value]) for form in forms)


DEEP = functools.reduce(lambda inner, _: [inner], range(300), [])
"""A value whose literal is nested more deeply than Python reads."""


@pytest.mark.parametrize("text", ["1 +", "{[]: 1}", "{[]}", "f()", "1e", "", repr(DEEP), "-" * 10_000 + "1", "\0"])
def test_text_that_is_no_literal_is_refused_with_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        from_text(["literal"], text)


def test_a_value_whose_literal_cannot_be_read_does_not_survive() -> None:
    assert not survives(["literal"], [DEEP])


def test_odd_values_do_not_decide_the_form() -> None:
    assert choose([[1, 2]] * 20 + [[n] for n in range(20)] + [["x"]]) == ("row", "list", "int")
    assert choose([1.5 + n for n in range(20)] + [True]) == "float"


def test_types_are_told_apart() -> None:
    assert not same([1], [1.0])
    assert not same(1, True)
    assert not same([1], (1,))
    assert not same(0.0, -0.0)
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_a_program_holds_only_what_it_needs() -> None:
    source = codec_source(("row", "list", "int"), "bool")
    assert "set(" not in source
    assert "atom" not in source
    assert len(source.splitlines()) < 30


@pytest.mark.parametrize(
    ("value", "comparison"),
    [
        ([1, 2], "tokens"),
        (["0101"], "release"),
        ({"a": "0101", "b": "1"}, "release"),
        ({"a": 0.5, "b": 1.0}, "float(1e-06,1e-06)"),
    ],
)
def test_numbers_in_dictionaries_are_compared_like_those_in_lists(value: Any, comparison: str) -> None:
    assert comparison_of(Oracle(), {type(value).__name__: "fields"}, [value], unordered=False) == comparison
