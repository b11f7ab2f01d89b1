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
        ("tokens", "100000050.0", "100000000", False),
        ("tokens", "1e18", "999999999999999999", False),
        ("tokens", "999999999999999999.0", "999999999999999999", True),
        ("tokens", "1000000000000000000", "1e18", True),
        ("tokens", "9007199254740993.0", "9007199254740992", False),
        ("tokens", "1.0000001", "1", False),
        ("tokens", "-0", "0", True),
        ("tokens", "3", "3.0000001", True),
        ("tokens", "0.000001", "0.0", True),
        ("tokens", "100000050", "100000000.0", True),
        ("tokens", "1000000000000.5", "2.5", False),
        ("tokens", "1,5", "1.5", False),
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
        ("float(0,0)", "9007199254740993", "9007199254740992", False),
        ("validator()", "YES 1.0", "yes 1", False),
        ("validator()", "YES  1", "yes\n1\n", True),
        ("validator(case_sensitive)", "YES 1", "yes 1", False),
        ("validator(space_change_sensitive)", "YES 1\n", "yes 1\n", True),
        ("validator(space_change_sensitive)", "yes  1\n", "yes 1\n", False),
        ("validator(space_change_sensitive)", "yes 1", "yes 1\n", False),
        ("validator(space_change_sensitive)", " a b", "a b ", False),
        ("validator(space_change_sensitive float_tolerance 1e-3)", "1.0001 b\n", "1 B\n", True),
        ("validator(float_tolerance 1e-6)", "Area 3.1415926", "area 3.1415929", True),
        ("validator(float_tolerance 1e-6)", "1e-7 x", "0 X", True),
        ("validator(float_absolute_tolerance 1e-2)", "100.02", "100", False),
        ("validator(float_relative_tolerance 1e-2)", "100.02", "100", True),
        ("validator(float_absolute_tolerance 1e-9 float_relative_tolerance 1e-2)", "101", "100", True),
        ("validator(case_sensitive float_tolerance 1e-6)", "a 1", "A 1", False),
        ("validator(float_tolerance 1e-6)", "one", "1", False),
        ("validator(float_tolerance 1e-6)", "NaN", "nan", True),
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
        (
            "validator(case)",
            "comparison 'validator(case)': unknown flag 'case'; known: case_sensitive, "
            "space_change_sensitive, float_tolerance, float_absolute_tolerance, float_relative_tolerance",
        ),
        (
            "validator(float_tolerance x)",
            "comparison 'validator(float_tolerance x)': float_tolerance is followed by 'x', "
            "expected a number of at least 0",
        ),
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


@given(st.integers(), st.integers(), st.sampled_from(["{}", "{}.0", "{}e0", "+{}"]))
def test_an_integer_is_met_by_its_exact_value_only(output: int, expected: int, form: str) -> None:
    written = form.format(output) if output >= 0 else str(output)
    assert compare.tokens(written, str(expected)) == (output == expected)


@given(WORDS, WORDS)
def test_the_default_accepts_whatever_release_accepts(left: str, right: str) -> None:
    assert not compare.release(left, right) or compare.tokens(left, right)


@given(st.text(), st.text())
def test_comparisons_accept_any_text(left: str, right: str) -> None:
    assert {comparison(name)(left, right) for name in compare.NAMES} <= {True, False}
