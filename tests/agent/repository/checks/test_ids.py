"""Names of tests that are equal in two runs, and as pytest's own report has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.repository.checks.ids import junit_name, stable_id, stable_ids


@given(st.lists(st.text(max_size=30), max_size=8))
def test_stable_ids_are_different_and_can_be_printed(ids: list[str]) -> None:
    found = stable_ids(ids)
    assert len(set(found)) == len(ids)
    assert all("\x1b" not in name and "\0" not in name for name in found)
    assert stable_ids(ids) == found


@given(st.text(max_size=40))
def test_a_stable_id_stays_as_it_is(name: str) -> None:
    assert stable_id(stable_id(name)) == stable_id(name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("t.py::f[2026-01-02 10:20:30.123456-x]", "t.py::f[2026-02-03 11:12:13.654321-x]"),
        ("t.py::f[<object at 0x7f12ab34cd00>]", "t.py::f[<object at 0x7f00ab34cd99>]"),
        ("t.py::f[12:30:59]", "t.py::f[01:02:03]"),
        ("t.py::f[1767225600]", "t.py::f[1767225999.25]"),
        ("t.py::f[6ba7b810-9dad-11d1-80b4-00c04fd430c8]", "t.py::f[6ba7b811-9dad-11d1-80b4-00c04fd430c8]"),
    ],
)
def test_what_changes_from_run_to_run_is_left_out(first: str, second: str) -> None:
    assert stable_id(first) == stable_id(second)


def test_other_ids_stay_different() -> None:
    names = ["t.py::f[1]", "t.py::f[2]", "t.py::f[a]", "t_2026-01-02.py::f", "t.py::f[0x10]"]
    assert stable_ids(names) == names
    assert stable_ids(["a[12:30:59]", "a[12:30:58]"]) == ["a[<time>]", "a[<time>]#2"]


def test_names_of_the_report() -> None:
    assert junit_name("tests/a/test_b.py::TestC::test_d[x::y/z.py]") == ("tests.a.test_b.TestC", "test_d[x::y/z.py]")
    assert junit_name("test_b.py::test_d") == ("test_b", "test_d")
