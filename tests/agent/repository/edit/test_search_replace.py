"""Blocks that say what replaces what, and diffs, are applied as leniently as is safe."""

from __future__ import annotations

import pytest

from agent.repository.edit import Reason
from agent.repository.edit.matching import found_in, nearest
from tests.agent.repository.edit.held import MODULE, fenced, repository


def block(search: str, replace: str, path: str = "pkg/shapes.py") -> str:
    """One SEARCH/REPLACE block in a fence, below its path."""
    return f"{path}\n```python\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n```\n"


SWAPPED = MODULE.replace("    x = a\n    y = b\n", "    x = b\n    y = a\n")


@pytest.mark.parametrize(
    ("search", "replace"),
    [
        ("    x = a\n    y = b", "    x = b\n    y = a"),
        ("    x = a   \n    y = b\t", "    x = b\n    y = a"),
        ("x = a\ny = b", "x = b\ny = a"),
        ("        x = a\n        y = b", "        x = b\n        y = a"),
        ("x = a\n    y = b", "x = b\n    y = a"),
        ("\n    x = a\n\n    y = b\n", "\n    x = b\n    y = a\n"),
        ("def add(a, b):\n    ...\n    y = b", 'def add(a, b):\n    """Sum of two numbers."""\n    x = b\n    y = a'),
    ],
    ids=["exact", "trailing blanks", "no indentation", "too deep", "first line bare", "blank lines", "elision"],
)
def test_the_ladder_finds_what_was_meant(search: str, replace: str) -> None:
    assert repository().text(block(search, replace), form="search") == SWAPPED


def test_a_part_of_one_line_is_enough_where_it_is_unique() -> None:
    text = repository().text(block("return x + y", "return y + x"), form="search")
    assert text == MODULE.replace("x + y", "y + x")
    assert repository().text(block("x + y", "y + x"), form="search") == text
    # `return self.size` begins three lines.
    assert repository().refusal(block("return self.si", "return self.sx"), "search").reason == Reason.NO_MATCH


def test_a_nearly_equal_block_is_taken_where_it_is_the_only_one() -> None:
    search = '    """Sum of two numbers"""\n    x = a\n    y = b\n    return x + y'
    edits = repository().edits(block(search, "    return a + b"), "search")
    assert edits.notes == ("lines found by: similar",)
    assert (edits.changed["pkg/shapes.py"] or b"").decode().count("def add(a, b):\n    return a + b\n") == 1


def test_what_is_not_there_is_refused_with_the_nearest_lines() -> None:
    refusal = repository().refusal(block("    x = a\n    y = c\n    return x", "    pass"), "search")
    assert refusal.reason == Reason.NO_MATCH
    assert "from line 12" in refusal.words and "    y = b" in refusal.words and refusal.repair.endswith("out.")


def test_several_places_are_ambiguous_unless_one_of_them_was_shown() -> None:
    files = {"m.py": "def f():\n    x = 1\n\n\ndef g():\n    x = 1\n"}
    assert repository(files).refusal(block("    x = 1", "    x = 2", "m.py"), "search").reason == Reason.AMBIGUOUS_PLACE
    text = repository(files, ["m.py::g"]).text(block("    x = 1", "    x = 2", "m.py"), form="search")
    assert text == "def f():\n    x = 1\n\n\ndef g():\n    x = 2\n"


def test_several_blocks_change_several_files_and_make_new_ones() -> None:
    held = repository({"a.py": "x = 1\n", "b.py": "y = 1\n"}, ["a.py", "b.py"])
    answer = block("x = 1", "x = 2", "a.py") + block("y = 1", "y = 2", "b.py") + block("", "z = 3", "c/d.py")
    assert held.edits(answer, "search").changed == {"a.py": b"x = 2\n", "b.py": b"y = 2\n", "c/d.py": b"z = 3\n"}


@pytest.mark.parametrize(
    "path", ["", "shapes.py", "./pkg/shapes.py", "/repo/pkg/shapes.py", "**pkg/shapes.py**", "`shapes.py`:"]
)
def test_the_path_may_be_missing_or_incomplete(path: str) -> None:
    assert repository().text(block("    x = a\n    y = b", "    x = b\n    y = a", path), form="search") == SWAPPED


def test_the_path_may_stand_on_the_fence_or_inside_it() -> None:
    inside = "<<<<<<< SEARCH\n    x = a\n    y = b\n=======\n    x = b\n    y = a\n>>>>>>> REPLACE"
    for answer in (
        fenced(inside, "python pkg/shapes.py"),
        fenced("# pkg/shapes.py\n" + inside),
        f"pkg/shapes.py\n{inside}",
    ):
        assert repository().text(answer, form="search") == SWAPPED


def test_a_block_that_is_cut_or_has_no_middle_is_refused() -> None:
    cut = block("    x = a", "    x = b").partition("\n>>>")[0]
    assert repository().refusal(cut, "search").reason == Reason.CUT
    broken = block("    x = a", "    x = b").replace("=======\n", "")
    assert repository().refusal(broken, "search").reason == Reason.NO_MATCH


def test_a_result_that_is_not_valid_python_is_refused() -> None:
    refusal = repository().refusal(block("    x = a", "    x = (a"), "search")
    assert refusal.reason == Reason.SYNTAX_ERROR and "pkg/shapes.py, line" in refusal.words


CHANGE = "-    x = a\n-    y = b\n+    x = b\n+    y = a\n"
HEAD = "--- a/pkg/shapes.py\n+++ b/pkg/shapes.py\n"
DOC = '     """Sum of two numbers."""\n'
DIFFS = {
    "git": f"diff --git a/pkg/shapes.py b/pkg/shapes.py\nindex 1..2 100644\n{HEAD}"
    f"@@ -11,5 +11,5 @@ def add(a, b):\n{DOC}{CHANGE}     return x + y\n",
    "wrong numbers": f"--- pkg/shapes.py\n+++ pkg/shapes.py\n@@ -1,2 +90,9 @@\n{CHANGE}",
    "no numbers": f"{HEAD}@@\n{CHANGE}",
    "no header": f"@@ ... @@\n def add(a, b):\n{DOC}{CHANGE}",
    "wrong context": f"{HEAD}@@ -1,4 +1,4 @@\n nothing like this\n{CHANGE}",
    "begin patch": f"*** Begin Patch\n*** Update File: pkg/shapes.py\n@@ def add(a, b):\n{CHANGE}*** End Patch",
}


@pytest.mark.parametrize("name", DIFFS)
@pytest.mark.parametrize("fence", [True, False])
def test_diffs_are_read_as_models_write_them(name: str, fence: bool) -> None:
    answer = fenced(DIFFS[name], "diff") if fence else DIFFS[name]
    found = repository().edits(f"I change the order.\n\n{answer}", "search")
    assert (found.changed["pkg/shapes.py"] or b"").decode() == SWAPPED and found.format == "diff"


def test_patches_add_and_delete_files() -> None:
    held = repository({"a.py": "x = 1\n"}, ["a.py"])
    patch = "*** Begin Patch\n*** Add File: b/c.py\n+y = 1\n+z = 2\n*** Delete File: a.py\n*** End Patch"
    assert held.edits(patch).changed == {"b/c.py": b"y = 1\nz = 2\n", "a.py": None}
    diff = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+q = 1\n--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 1\n"
    assert held.edits(fenced(diff, "diff")).changed == {"new.py": b"q = 1\n", "a.py": None}


def test_a_context_line_chooses_between_equal_lines() -> None:
    held = repository(
        {"m.py": "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 1\n"}
    )
    patch = "*** Update File: m.py\n@@ class B:\n@@     def f(self):\n-        return 1\n+        return 2\n"
    assert held.text(patch).endswith("class B:\n    def f(self):\n        return 2\n")


def test_windows_line_ends_stay() -> None:
    held = repository({"m.py": "a = 1\r\nb = 2\r\n"}, ["m.py"])
    assert held.edits(block("a = 1\nb = 2", "a = 1\nc = 3", "m.py")).changed == {"m.py": b"a = 1\r\nc = 3\r\n"}


def test_every_place_of_the_first_rung_that_matches_is_found() -> None:
    found = found_in(["a", "b", "a"], ["a"], ["c"])
    assert found is not None and found.rung == "exact" and [each.start for each in found.matches] == [0, 2]
    assert found_in(["a", "b"], ["c"], []) is None


def test_the_nearest_block_is_said_with_its_similarity() -> None:
    assert nearest(["one", "two", "three"], ["two"]) == (1, 1.0)
