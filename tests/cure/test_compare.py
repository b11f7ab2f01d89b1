"""When an output is the expected one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.table import compare
from cure.table.compare import comparison, normalise


def test_release_equality_agrees_with_the_golden_file(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cure-golden" / "extract.json").read_text())
    for case in golden["test_if_eq"]:
        assert compare.release(case["output"], case["expected"]) == case["equal"], case


@pytest.mark.parametrize(
    ("name", "output", "expected", "equal"),
    [
        ("tokens", "1 2\n", "1\n2", True),
        ("tokens", "0.3333333", "0.33333334", True),
        ("tokens", "1.0", "1", True),
        ("tokens", "1e3", "1000", True),
        ("tokens", "0.1", "0.10001", False),
        ("tokens", "1000000000.5", "1000000001.2", True),
        ("tokens", "1000000", "1000001", False),
        ("tokens", "100000000000000000001", "100000000000000000002", False),
        ("tokens", "nan", "0.0", False),
        ("tokens", "1e999", "1e998", False),
        ("tokens", "5.0", "1e999", False),
        ("tokens", "YES", "yes", False),
        ("tokens", "1 2", "1 2 3", False),
        ("tokens", "", "\n", True),
        ("tokens", "1.", "." + "1" * 500, False),
        ("release", "1.0", "1", False),
        ("release", "a\u00a0b", "a b", True),
        ("lines", "1 2\n3  \n\n", "1 2\n3", True),
        ("lines", "1\n2", "1 2", False),
        ("lines", "a\r\nb\r\n", "a\nb\n", True),
        ("lines", "\na", "a", False),
        ("float", "3", "3.0000001", True),
        ("float", "3", "4", False),
        ("float(0.01,0)", "2.005", "2", True),
        ("float(0.01, 0)", "2.02", "2", False),
        ("float(0,1e-2)", "101 yes", "100 yes", True),
        ("float(0,1e-2)", "101 yes", "100 no", False),
        ("case-insensitive", "Yes NO", "yes no", True),
        ("case-insensitive", "Yes", "no", False),
        ("unordered-lines", "b 1\na 2\n", "a 2\n\nb  1", True),
        ("unordered-lines", "1 2", "2 1", False),
        ("unordered-tokens", "200 100", "100\n200", True),
        ("unordered-tokens", "1 1 2", "1 2 2", False),
    ],
)
def test_each_comparison_judges_as_it_is_described(name: str, output: str, expected: str, equal: bool) -> None:
    assert comparison(name)(output, expected) is equal


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tokns", "unknown comparison 'tokns'; did you mean 'tokens'?"),
        ("float(x,1)", "comparison 'float(x,1)': both tolerances must be numbers that are not negative"),
        ("float(-1,1)", "comparison 'float(-1,1)': both tolerances must be numbers that are not negative"),
    ],
)
def test_an_unknown_comparison_names_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ProblemError) as error:
        comparison(name)
    assert str(error.value) == message


WORDS = st.lists(st.sampled_from(["0", "-0", "1", "1.0", "1e0", "nan", "a", "A", "7."]), max_size=4).map(" ".join)


@given(WORDS)
def test_every_comparison_is_reflexive(text: str) -> None:
    assert all(comparison(name)(text, text) for name in compare.NAMES)


@given(WORDS, WORDS)
def test_release_equality_is_equality_of_keys(left: str, right: str) -> None:
    assert compare.release(left, right) == (normalise(left) == normalise(right))


@given(WORDS, WORDS)
def test_the_default_accepts_whatever_release_accepts(left: str, right: str) -> None:
    assert not compare.release(left, right) or compare.tokens(left, right)


@given(st.text(), st.text())
def test_comparisons_accept_any_text(left: str, right: str) -> None:
    assert {comparison(name)(left, right) for name in compare.NAMES} <= {True, False}
