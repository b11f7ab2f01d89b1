"""New code of functions, methods and classes is put in place of the present one."""

from __future__ import annotations

import difflib

import pytest

from agent.repository.edit import Reason
from tests.agent.repository.edit.held import MODULE, fenced, repository

ADD = "def add(a, b):\n    return a + b"


def changes(before: str, after: str) -> list[str]:
    """Removed and added lines."""
    diff = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in diff if line.startswith(("- ", "+ "))]


def test_a_function_replaces_the_one_of_its_name_and_keeps_what_stands_around_it() -> None:
    text = repository().text("Here:\n\n" + fenced(ADD) + "\nIt adds.")
    body = ["-     x = a", "-     y = b", "-     return x + y", "+     return a + b"]
    assert changes(MODULE, text) == ['-     """Sum of two numbers."""', *body]
    assert "# Adds two numbers.\n@traced\ndef add(a, b):\n    return a + b\n\n\nclass Shape:" in text


def test_dropped_docstrings_kept_decorators_and_new_signatures_are_noted() -> None:
    notes = repository().edits(fenced("def add(a, b, c=0):\n    return a + b + c")).notes
    assert notes == ("decorators kept: add", "signature changed: add", "docstring dropped: add")


def test_decorators_that_are_given_replace_the_present_ones() -> None:
    assert "\n\n# Adds two numbers.\n@cached\ndef add" in repository().text(fenced("@cached\n" + ADD))


@pytest.mark.parametrize(
    "code",
    [
        "def get(self):\n    return 5",
        "    def get(self):\n        return 5",
        "def get(self):\n        return 5",
        "class Shape:\n    def get(self):\n        return 5",
        "class Shape:\n    # ... other members ...\n\n    def get(self):\n        return 5\n\n    # rest unchanged",
        "# pkg/shapes.py::Shape.get\ndef get(self):\n    return 5",
    ],
)
def test_a_method_is_found_in_its_class_however_it_is_indented(code: str) -> None:
    text = repository().text(fenced(code))
    assert changes(MODULE, text) == [
        "-         # the size",
        "-         return self.size",
        "+         return 5",
    ]


def test_a_setter_replaces_the_setter_and_leaves_the_property() -> None:
    code = "# pkg/shapes.py::Shape.area\n@area.setter\ndef area(self, value):\n    self.size = value // 2"
    text = repository().text(fenced(code))
    assert changes(MODULE, text) == ["-         self.size = value", "+         self.size = value // 2"]


def test_property_and_setter_in_one_block_replace_one_each() -> None:
    code = (
        "class Shape:\n    @property\n    def area(self):\n        return 1\n\n"
        "    @area.setter\n    def area(self, v):\n        pass"
    )
    text = repository().text(fenced(code))
    assert "        return 1\n\n    @area.setter\n    def area(self, v):\n        pass\n\n    async def" in text


def test_async_and_nested_functions_are_replaced() -> None:
    code = "# pkg/shapes.py::Shape.load\nasync def load(self):\n    return 7"
    assert repository().text(fenced(code)).count("async def load(self):\n        return 7") == 1
    nested = repository(shown=["pkg/shapes.py::Shape.load.inner"]).text(fenced("def inner(n):\n    return n + 1"))
    assert changes(MODULE, nested) == ["-             return n", "+             return n + 1"]


def test_a_new_method_stands_after_its_predecessor_and_a_new_function_after_its() -> None:
    code = (
        "class Shape:\n    def get(self):\n        return twice(self)\n\n"
        "    def put(self):\n        pass\n\n\ndef twice(x):\n    return 2"
    )
    edits = repository().edits(fenced(code))
    text = (edits.changed["pkg/shapes.py"] or b"").decode()
    assert "        return twice(self)\n\n    def put(self):\n        pass\n\n    @property" in text
    assert text.endswith('\n\n\ndef twice(x):\n    return 2\n\n\nif __name__ == "__main__":\n    print(add(1, 2))\n')
    assert edits.names == ("pkg/shapes.py::Shape", "pkg/shapes.py::twice")


def test_a_helper_before_a_function_stands_before_it() -> None:
    text = repository().text(fenced("def half(x):\n    return x / 2\n\n" + ADD))
    assert "\n\ndef half(x):\n    return x / 2\n\n\n# Adds two numbers.\n@traced\ndef add(a, b):" in text


def test_a_new_function_stands_where_the_answer_says() -> None:
    code = "# pkg/shapes.py::third\n# after: add\ndef third(x):\n    return x / 3"
    assert "return x + y\n\n\ndef third(x):\n    return x / 3\n\n\nclass Shape" in repository().text(fenced(code))


def test_a_whole_class_replaces_the_class_and_a_part_of_it_its_members_only() -> None:
    files = {
        "m.py": "class A(B):\n    x: int\n\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    }
    held = repository(files, ["m.py::A"])
    whole = (
        "class A:\n    y: int = 0\n    x: int\n\n    def g(self):\n        return 3\n\n"
        "    def f(self):\n        return 4\n"
    )
    assert held.text(fenced(whole)) == whole
    part = held.edits(fenced("class A:\n    x: str\n    z: int\n\n    def g(self):\n        return 3\n"))
    assert part.changed["m.py"] == (
        b"class A(B):\n    x: str\n    z: int\n\n    def f(self):\n        return 1\n\n"
        b"    def g(self):\n        return 3\n"
    )
    assert part.notes == ("members kept: f",)


def test_overloads_stay_when_the_implementation_changes() -> None:
    source = "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str) -> str: ...\ndef f(x):\n    return x\n"
    text = repository({"m.py": source}, ["m.py::f"]).text(fenced("def f(x):\n    return x * 2"))
    assert text == source.replace("return x\n", "return x * 2\n")


def test_definitions_in_branches_are_ambiguous_unless_one_was_shown() -> None:
    source = "if A:\n    def f():\n        return 1\nelse:\n    def f():\n        return 2\n"
    held = repository({"m.py": source}, ["m.py::f"])
    assert held.refusal(fenced("def f():\n    return 3")).reason == Reason.AMBIGUOUS_PLACE
    second = type(held)(held.contents, ())
    from agent.repository.edit import Edits, Place, read_edits

    found = read_edits(fenced("def f():\n    return 3"), second, [Place("m.py", "f", 5, 6)])
    assert isinstance(found, Edits)
    assert found.changed["m.py"] == source.replace("return 2", "return 3").encode()


def test_a_definition_hidden_by_a_later_one_is_left() -> None:
    source = "def f():\n    return 1\n\n\ndef f():\n    return 2\n"
    text = repository({"m.py": source}, ["m.py"]).text(fenced("def f():\n    return 3"))
    assert text == source.replace("return 2", "return 3")


def test_functions_of_several_files_are_matched_by_name() -> None:
    files = {"a.py": "def f():\n    return 1\n", "b.py": "def g():\n    return 2\n"}
    edits = repository(files, ["a.py::f", "b.py::g"]).edits(
        fenced("def f():\n    return 3\n\n\ndef g():\n    return 4")
    )
    assert edits.changed == {"a.py": b"def f():\n    return 3\n", "b.py": b"def g():\n    return 4\n"}


def test_a_name_that_two_shown_files_have_is_ambiguous_without_a_header() -> None:
    files = {"a.py": "def f():\n    return 1\n", "b.py": "def f():\n    return 2\n"}
    held = repository(files, ["a.py::f", "b.py::f"])
    assert held.refusal(fenced("def f():\n    return 3")).reason == Reason.AMBIGUOUS_PLACE
    assert set(held.edits(fenced("# b.py::f\ndef f():\n    return 3")).changed) == {"b.py"}
    assert set(held.edits("In `b.py`:\n" + fenced("def f():\n    return 3")).changed) == {"b.py"}


def test_the_last_version_of_a_function_counts() -> None:
    answer = "The present code:\n" + fenced("def add(a, b):\n    return a") + "Better:\n" + fenced(ADD)
    assert "    return a + b\n" in repository().text(answer)


def test_tests_and_examples_beside_the_code_are_left_out() -> None:
    code = ADD + "\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\nprint(add(1, 2))\nresult = add(3, 4)\n"
    text = repository().text(fenced(code) + "Use it:\n" + fenced("from pkg import add\nprint(add(5, 6))"))
    assert "test_add" not in text and "result" not in text and "add(5" not in text and text.count("print") == 1


def test_files_with_tabs_keep_tabs() -> None:
    source = "class A:\n\tdef f(self):\n\t\tif x:\n\t\t\treturn 1\n"
    answer = fenced("def f(self):\n    if y:\n        return g(1,\n                 2)\n    return 3")
    text = repository({"m.py": source}, ["m.py::A.f"]).text(answer)
    assert text.splitlines()[1:4] == ["\tdef f(self):", "\t\tif y:", "\t\t\treturn g(1,"]
    assert text.splitlines()[5] == "\t\treturn 3"


def test_files_with_windows_line_ends_keep_them() -> None:
    source = MODULE.replace("\n", "\r\n")
    text = repository({"m.py": source}, ["m.py::add"]).text(fenced(ADD))
    assert "def add(a, b):\r\n    return a + b\r\n\r\n\r\nclass" in text and text.count("\n") == text.count("\r\n")


def test_a_file_without_newline_at_its_end_keeps_it_so() -> None:
    assert repository({"m.py": "def f():\n    return 1"}, ["m.py::f"]).text(fenced("def f():\n    return 2")) == (
        "def f():\n    return 2"
    )


def test_strings_over_several_lines_are_not_indented() -> None:
    files = {"m.py": 'class A:\n    def f(self):\n        """Doc.\n\n        More.\n        """\n        return 1\n'}
    code = 'def f(self):\n    """Doc.\n\n    More.\n    """\n    return """a\n  b\nc"""'
    assert repository(files, ["m.py::A.f"]).text(fenced(code)) == (
        'class A:\n    def f(self):\n        """Doc.\n\n        More.\n        """\n        return """a\n  b\nc"""\n'
    )


def test_a_file_that_was_not_valid_stays_so_outside_of_the_change() -> None:
    source = 'def f():\n    return 1\n\n\ndef g():\n    print "old"\n'
    edits = repository({"m.py": source}, ["m.py::f"]).edits(fenced("def f():\n    return 2"))
    assert edits.changed["m.py"] == source.replace("return 1", "return 2").encode()
    assert "was not valid Python before" in edits.notes[0]


def test_python_2_prints_become_calls() -> None:
    text = repository().text(fenced('def add(a, b):\n    print "adding", a\n    return a + b'))
    assert '    print("adding", a)\n' in text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("I cannot do this.", Reason.NO_CODE),
        ("", Reason.NO_CODE),
        ("<think>def add", Reason.CUT),
        (fenced("def add(a, b:\n    return 1"), Reason.SYNTAX_ERROR),
        (fenced("def add(a, b):\n    pass\n").replace("```python", "```python\n# file: ../x.py"), Reason.OUTSIDE),
        (fenced("x = 1").replace("```python", "```python\n# file: .git/hooks/a.py"), Reason.OUTSIDE),
        (fenced("def add(a, b):\n    # ... existing code ...\n    return 7"), Reason.NO_MATCH),
        (fenced("def nothing(a):\n    return self"), Reason.UNKNOWN_PLACE),
    ],
)
def test_an_answer_that_changes_nothing_says_why(answer: str, reason: Reason) -> None:
    held = (
        repository(shown=["pkg/shapes.py::add"]) if reason != Reason.UNKNOWN_PLACE else repository({"m.py": "x = 1\n"})
    )
    refusal = held.refusal(answer)
    assert refusal.reason == reason
    assert refusal.words and refusal.repair.endswith(reason.advice)


def test_an_answer_that_repeats_the_present_code_changes_nothing() -> None:
    code = MODULE[MODULE.index("@traced") : MODULE.index("\n\nclass")]
    assert repository().refusal(fenced(code)).reason == Reason.NO_CHANGE


def test_code_that_the_limit_of_tokens_cuts_is_refused_as_cut() -> None:
    held = repository()
    assert held.refusal("```python\ndef add(a, b):\n    return (a +", cut=True).reason == Reason.CUT
    assert held.refusal("```python\ndef add(a, b):\n    x = a", cut=True).reason == Reason.CUT
    assert held.edits("```python\ndef add(a, b):\n    return a").changed


def test_remarks_that_are_cut_after_complete_code_do_no_harm() -> None:
    answer = fenced(ADD) + "Example:\n```python\nfrom pkg.shapes import add\nprint(add(1,"
    assert repository().edits(answer, cut=True).names == ("pkg/shapes.py::add",)


def test_protected_and_binary_files_are_outside() -> None:
    held = repository(shown=["pkg/shapes.py::add"], protected=["pkg/shapes.py"])
    assert held.refusal(fenced(ADD)).reason == Reason.OUTSIDE
    for data in (b"def add():\n    return '\xff'\n", b"\0\0"):
        binary = type(held)({"m.py": data}, ())
        assert binary.refusal(fenced("# m.py::add\ndef add():\n    return 2")).reason == Reason.OUTSIDE


def test_overloads_of_a_method_are_replaced_in_order_and_others_added() -> None:
    head = "class A:\n    x = 1\n\n    @overload\n    def f(self, x: int): ...\n"
    head += "    @overload\n    def f(self, x: str): ...\n"
    source = head + "    def f(self, x):\n        return x\n"
    code = head.replace("    x = 1\n\n", "").replace("int", "bytes") + "    def f(self, x):\n        return 2\n"
    text = repository({"m.py": source}, ["m.py::A.f"]).text(fenced(code))
    assert text == source.replace("int", "bytes").replace("return x", "return 2")
    setter = "class A:\n    @f.setter\n    def f(self, x):\n        pass"
    held = repository(
        {"m.py": "class A:\n    @property\n    def f(self):\n        return 1\n\n    y = 2\n"}, ["m.py::A.f"]
    )
    assert held.text(fenced(setter)).endswith(
        "        return 1\n\n    @f.setter\n    def f(self, x):\n        pass\n\n    y = 2\n"
    )


def test_comments_above_a_new_method_come_with_it() -> None:
    code = "class Shape:\n    # ... existing code ...\n\n    # Puts it.\n    @traced\n    def put(self):\n        pass"
    text = repository().text(fenced(code))
    assert "        return inner(self.size)\n\n    # Puts it.\n    @traced\n    def put(self):\n        pass\n" in text


def test_a_bare_method_belongs_to_the_only_class_that_was_shown() -> None:
    held = repository(shown=["pkg/shapes.py::Shape"])
    assert "\n    def put(self):\n        return 1\n" in held.text(fenced("def put(self):\n    return 1"))


def test_a_header_names_what_is_replaced_by_code_of_another_name() -> None:
    edits = repository().edits(fenced("# pkg/shapes.py::add\ndef plus(a, b):\n    return a + b"))
    text = (edits.changed["pkg/shapes.py"] or b"").decode()
    assert "@traced\ndef plus(a, b):" in text and "def add" not in text and "renamed: add to plus" in edits.notes
