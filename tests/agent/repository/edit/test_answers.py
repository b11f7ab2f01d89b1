"""Answers as models write them: fences, headers, whole files, elisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.repository.edit import FORMATS, Edits, Format, Reason, Refusal
from agent.repository.prompts import GeneratedTest, read_test
from tests.agent.repository.edit.held import MODULE, fenced, repository

ADD = "def add(a, b):\n    return a + b"
PIECES = [
    "```python\n",
    "```\n",
    "~~~\n",
    "pkg/shapes.py\n",
    "# pkg/shapes.py::add\n",
    f"{ADD}\n",
    "    def get(self):\n        return 1\n",
    "class Shape:\n",
    "    # ... existing code ...\n",
    "...\n",
    "@traced\n",
    "import re\n",
    "LIMIT = 3\n",
    "<<<<<<< SEARCH\n",
    "=======\n",
    ">>>>>>> REPLACE\n",
    "    x = a\n",
    "*** Begin Patch\n*** Update File: pkg/shapes.py\n",
    "*** Delete File: pkg/shapes.py\n",
    "--- a/pkg/shapes.py\n+++ b/pkg/shapes.py\n",
    "@@ -1,2 +1,2 @@\n",
    "-    y = b\n",
    "+    y = c\n",
    '"""\n',
    "\\\n",
    "(",
    "\0",
    "def test_add():\n    assert add(1, 2) == 3\n",
    "class TestAdd:\n    def test_it(self):\n        self.assertEqual(add(1, 2), 3)\n",
    "<think>\n",
    "\ud800",
    "\r\n",
]
DRAFT = fenced("def add(a, b):\n    return 0")
CHANGED = "def add(a, b):\n    return a + b\n\n\nclass Shape"


@pytest.mark.parametrize(
    "answer",
    [
        f"Here is the code: ```python\n{ADD}\n```",
        f"{ADD}\n```\nThis adds.",
        f"```python\n{ADD}\n",
        f"**pkg/shapes.py**\n\n{fenced(ADD)}",
        f"### File: `pkg/shapes.py`\n{fenced(ADD)}",
        f"File: pkg/shapes.py\n{fenced(ADD)}",
        fenced(f"# file: pkg/shapes.py\n{ADD}"),
        fenced(f"# pkg/shapes.py::add\n{ADD}"),
        f"pkg/shapes.py::add\n{fenced(ADD)}",
        fenced(ADD, "python:pkg/shapes.py"),
        fenced(ADD, "python title=pkg/shapes.py"),
        fenced(f"# function: add\n{ADD}"),
        f"<think>\n{DRAFT}</think>\n{fenced(ADD)}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{fenced(ADD)}",
        f"{ADD}",
        f"1. Change `add`:\n\n   ```python\n   {ADD.replace(chr(10), chr(10) + '   ')}\n   ```",
        f"~~~python\n{ADD}\n~~~",
        f"```bash\npytest -q\n```\n{fenced(ADD)}",
        f"{fenced(ADD)}\nIt prints:\n```\n3\n```",
    ],
)
def test_code_is_found_wherever_it_stands(answer: str) -> None:
    assert CHANGED in repository().text(answer)


def test_a_docstring_with_a_fence_does_not_end_the_block() -> None:
    code = 'def add(a, b):\n    """Adds.\n\n    ```\n    add(1, 2)\n    ```\n    """\n    return a + b'
    assert '    ```\n    """\n    return a + b\n\n\nclass' in repository().text(fenced(code))


@pytest.mark.parametrize(
    "body",
    [
        "    # ... existing code ...\n    return y + x",
        '    """Sum of two numbers."""\n    x = a\n    # ... rest of the code ...\n    return y + x',
        "    # existing code remains the same\n    y = b\n    return y + x",
        '    """Sum, anew."""\n    # ...\n    y = b\n    return y + x',
    ],
)
def test_left_out_code_is_put_back_where_it_is_clear(body: str) -> None:
    found = repository().answer(fenced(f"def add(a, b):\n{body}"))
    if "y = b" not in body:  # the last line differs, so that the end of what was left out is not known
        assert getattr(found, "reason", "") == Reason.NO_MATCH
        return
    assert "    x = a\n    y = b\n    return y + x\n" in repository().text(fenced(f"def add(a, b):\n{body}"))


def test_a_function_whose_whole_body_is_left_out_stays() -> None:
    code = (
        "class Shape:\n    def get(self):\n        return 4\n\n"
        "    async def load(self):\n        # ... unchanged ...\n        pass"
    )
    for inner in ("pass  # unchanged", "...", "# ... existing code ..."):
        text = repository().text(fenced(code.rpartition("\n        # ...")[0] + f"\n        {inner}"))
        assert text == MODULE.replace("        # the size\n        return self.size", "        return 4")


def test_a_remark_that_only_looks_like_left_out_code_stays() -> None:
    code = (
        '@traced\ndef add(a, b):\n    """Sum of two numbers."""\n    x = a\n'
        "    # the rest of the code is the same as before\n    y = b\n    return y + x"
    )
    assert repository().text(fenced(code)) == MODULE.replace("return x + y", "return y + x")


def test_a_whole_file_is_read_whichever_form_was_asked_for() -> None:
    changed = MODULE.replace("return x + y", "return y + x")
    for form in ("rewrite", "whole", "search"):
        assert repository().text(fenced(changed), form=form) == changed
        assert repository().text(fenced(f"# file: pkg/shapes.py\n{changed}"), form=form) == changed


def test_a_part_of_a_file_does_not_replace_the_whole_file() -> None:
    text = repository().text(f"pkg/shapes.py\n{fenced(ADD)}", form="whole")
    assert "class Shape:" in text and CHANGED in text


def test_a_whole_file_may_lose_what_the_task_removes() -> None:
    source = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(6)).rstrip() + "\n"
    without = source.replace("def f3():\n    return 3\n\n\n", "")
    assert repository({"m.py": source}, ["m.py"]).text(fenced(f"# file: m.py\n{without}"), form="whole") == without


def test_new_files_are_created_and_other_kinds_of_files_replaced() -> None:
    held = repository({"m.py": "x = 1\n", "README.md": "# Old\n"}, ["m.py"])
    answer = f"# file: pkg/new.py\n{fenced('y = 2')}\nREADME.md\n{fenced('# New', 'markdown')}"
    assert held.edits(answer, "whole").changed == {"pkg/new.py": b"y = 2\n", "README.md": b"# New\n"}


def test_one_block_may_hold_several_files() -> None:
    held = repository({"a.py": "def f():\n    return 1\n", "b.py": "def g():\n    return 2\n"}, ["a.py::f", "b.py::g"])
    answer = fenced("# a.py\ndef f():\n    return 3\n\n# b.py\ndef g():\n    return 4")
    assert held.edits(answer).changed == {"a.py": b"def f():\n    return 3\n", "b.py": b"def g():\n    return 4\n"}


def test_a_wrong_path_is_corrected_where_the_definition_was_shown() -> None:
    edits = repository().edits(fenced(f"# file: shapes/core.py\n{ADD}"))
    assert set(edits.changed) == {"pkg/shapes.py"} and "path corrected: shapes/core.py" in edits.notes


def test_a_helper_in_a_block_of_its_own_is_added_where_it_is_used() -> None:
    code = "def add(a, b):\n    return plus(a, b)"
    for answer in (
        fenced("def plus(a, b):\n    return a + b") + fenced(code),
        fenced(code) + fenced("def plus(a, b):\n    return a + b"),
    ):
        assert "def plus(a, b):\n    return a + b\n" in repository().text(answer)


def test_functions_that_nothing_uses_are_examples() -> None:
    answer = fenced(ADD) + "For example:\n" + fenced("def example():\n    print(add(1, 2))")
    edits = repository().edits(answer)
    assert edits.names == ("pkg/shapes.py::add",) and any("block left out" in note for note in edits.notes)
    refusal = repository().refusal(fenced("def other():\n    pass"))
    assert refusal.reason == Reason.UNKNOWN_PLACE


def test_statements_without_a_place_are_no_edit() -> None:
    assert repository().refusal(fenced("print(1)")).reason == Reason.UNKNOWN_PLACE


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.sampled_from(FORMATS), st.booleans())
def test_no_answer_makes_the_reading_fail(text: str, form: Format, cut: bool) -> None:
    found = repository().answer(text, form, cut=cut)
    assert isinstance(found, Edits | Refusal)
    assert isinstance(read_test(text, "from pkg.shapes import add", ["add"], cut=cut), GeneratedTest | Refusal)
