"""Generated tests that are the same test are evidence once."""

from __future__ import annotations

import pytest

from agent.repository.equal_tests import normalised, repeats
from agent.repository.judged import judged, repeated
from agent.repository.patches import BASE, Check, Patch
from cure.table import Cell, ExecutionTable
from sandbox import Verdict

ONE = "import os\nfrom pager import page\n\ndef test_first():\n    found = page([1], 1)\n    assert found == [1]\n"
SAME = [
    ONE.replace("test_first", "test_other"),
    ONE.replace("found", "result"),
    ONE.replace("import os\nfrom pager import page", "from pager import page\nimport os"),
    ONE.replace("    found =", '    """Pages."""\n\n    # the first\n    found  = '),
]
OTHER = [
    ONE.replace("[1], 1", "[1], 2"),
    ONE.replace("page(", "pages("),
    ONE.replace("assert found", "assert not found"),
    ONE.replace("    found = page([1], 1)\n", ""),
    "def test_(",
]


@pytest.mark.parametrize("source", SAME)
def test_names_comments_and_layout_make_no_other_test(source: str) -> None:
    assert normalised(source) == normalised(ONE)


@pytest.mark.parametrize("source", OTHER)
def test_other_calls_and_expectations_do(source: str) -> None:
    assert normalised(source) != normalised(ONE)


def test_the_first_of_equal_tests_judges() -> None:
    checks = {"t1": Check(ONE), "t2": Check(SAME[0]), "t3": Check(OTHER[0]), "t4": Check(SAME[1])}
    rows = {BASE: Patch("", BASE), "c1": Patch("good")}
    cells = {
        (row, test): Cell(verdict=Verdict.OK, passed=row != BASE and test != "t3") for row in rows for test in checks
    }
    table = ExecutionTable(rows, checks, cells)
    assert repeats({name: check.stimulus for name, check in checks.items()}) == {"t2": "t1", "t4": "t1"}
    assert repeated(table) == ["t2", "t4"]
    assert list(judged(table).tests) == ["t1", "t3"]
