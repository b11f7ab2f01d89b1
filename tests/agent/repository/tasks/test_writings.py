"""Other writings of a function do the same, and the cuts of test files stand alone."""

from __future__ import annotations

import ast
import random
import textwrap

import pytest

from benchmarks.repository_tasks.answers import as_functions, as_replacements
from benchmarks.repository_tasks.definitions import difference, functions, replaced
from benchmarks.repository_tasks.expectations import wrong_expectations
from benchmarks.repository_tasks.single_tests import single, smaller
from benchmarks.repository_tasks.writings import WRITINGS, rewritten

SOURCE = '''
class Box:
    def total(self, items, limit=3):
        """The sum of the first items."""
        first = 0
        second = limit
        for item in items:
            if item is None:
                continue
            else:
                first = first + item
        return f"{second}: {first}" if second else str(first)
'''


@pytest.mark.parametrize("kind", sorted(WRITINGS))
def test_a_writing_differs_and_does_the_same(kind: str) -> None:
    text = functions(SOURCE)["Box.total"].text
    other = rewritten(text, WRITINGS[kind])
    if kind == "renamed":
        # `first` and `second` stand in an f-string, `item` may be renamed.
        assert other and "item_value" in other and "first_value" not in other
    assert other and other != text
    made = replaced(SOURCE, "Box.total", other)
    for items in ([], [1, None, 2], [5]):
        assert _total(made, items) == _total(SOURCE, items)


def test_names_that_inner_scopes_bind_are_not_renamed() -> None:
    text = "def f(a):\n    b = a\n    g = lambda b: b\n    try: pass\n    except E as c: c = 1\n    def h(g): pass\n"
    assert WRITINGS["renamed"](text) is None


def test_what_differs_between_two_states() -> None:
    after = replaced(SOURCE, "Box.total", "    def total(self):\n        return 1\n") + "\n\ndef new():\n    pass\n"
    found = difference(SOURCE, after)
    assert (found.rewritten, found.added, found.elsewhere) == (("Box.total",), ("new",), False)
    assert difference(SOURCE, "import os\n" + SOURCE).elsewhere


TESTS = textwrap.dedent(
    """
    import os
    import pytest
    from .helpers import make
    from ..thing import Thing

    with frozen():
        LIMIT = 3
    UNUSED = 4

    @pytest.fixture
    def box():
        return make(LIMIT)

    def test_other(): assert UNUSED

    class TestBox:
        size = 2

        def test_a(self, box):
            thing = Thing(box)
            assert thing.a == 1
            assert thing.b == self.size

        @pytest.mark.skipif(os.name == "x", reason="never")
        @pytest.mark.parametrize("value, wanted", [(1, 2), (3, 4)], ids=["x", "y"])
        def test_b(self, value, wanted):
            assert value + 1 == wanted
    """
)


def test_a_test_is_cut_out_with_what_it_needs() -> None:
    found = single(TESTS, "pack/tests/test_box.py", "TestBox::test_a")
    assert found
    names = {node.name for node in ast.walk(ast.parse(found.text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert names == {"box", "TestBox", "test_a"}
    assert "LIMIT = 3" in found.text and "UNUSED" not in found.text and "size = 2" in found.text
    assert found.imports == ("import pytest", "from pack.tests.helpers import make", "from pack.thing import Thing")


def test_a_test_is_split_by_assertions_and_parameters() -> None:
    first, second = single(TESTS, "t.py", "TestBox::test_a"), single(TESTS, "t.py", "TestBox::test_b")
    assert first and second
    parts = [part.text for part in smaller(first)]
    assert [part.count("assert") for part in parts] == [1, 1] and all("thing = Thing(box)" in part for part in parts)
    values = [part.text for part in smaller(second)]
    assert "skip" not in second.text and second.imports == ("import pytest",)
    assert ["[(1, 2)]" in values[0], "[(3, 4)]" in values[1], "ids" in values[0]] == [True, True, False]


def test_a_test_that_is_made_at_run_time_cannot_be_cut_out() -> None:
    assert single(TESTS, "t.py", "TestBox::test_unknown") is None
    assert single(TESTS, "t.py", "TestOther::test_a") is None


def _total(source: str, items: list[int | None]) -> object:
    names: dict[str, object] = {}
    exec(source, names)
    return names["Box"]().total(items)  # type: ignore[operator]


def test_expectations_are_changed_one_at_a_time() -> None:
    text = 'def test_a():\n    assert f(1) == 2\n    assert g("x") in ["y"]\n    assert h()\n'
    made = [set(other.splitlines()) - set(text.splitlines()) for other in wrong_expectations(text)]
    changes = ["f(1) == 3", "g('x') in ['ys']", "f(1) != 2", "g('x') not in ['y']", "not h()"]
    assert [change for lines in made for change in changes if f"    assert {change}" in lines] == changes


def test_expectations_of_unittest_are_changed_too() -> None:
    text = "class TestA(TestCase):\n\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n"
    assert wrong_expectations(text) == [text.replace("2)", "3)")]


def test_a_change_that_is_no_python_is_said_by_lines_alone() -> None:
    before, after = {"a.py": "def f():\n    return 1\n"}, {"a.py": "def f():\n    return (1\n"}
    assert as_functions(before, after, random.Random(0)) is None
    assert "=======\ndef f():\n    return (1\n>>>>>>> REPLACE" in as_replacements(before, after)
