"""Prompts about a repository hold what matters, in the budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.repository import prompts
from agent.repository.edit import FORMATS, Format, Place
from agent.repository.prompts import FailedTest, ShownCode
from agent.repository.prompts.budget import CHARACTERS_PER_TOKEN, Part, fitted, tokens
from engines import ChatPrompt

PLACE = Place("pkg/shapes.py", "Shape.get", 3, 5)
SHOWN = [
    ShownCode(PLACE, "    def get(self):\n        return self.size\n"),
    ShownCode(Place("b.py", "f", 1, 2), "def f():\n    pass\n"),
]


def said(prompt: ChatPrompt) -> str:
    assert [message.role for message in prompt.messages] == ["system", "user"]
    return prompt.messages[1].content


@pytest.mark.parametrize("form", FORMATS)
def test_an_edit_prompt_ends_with_task_and_form(form: Format) -> None:
    text = said(prompts.edit_prompt("Make it fast.", "a.py: def g", SHOWN, "Use tabs.", form))
    order = [
        text.index(each)
        for each in ("a.py: def g", "Use tabs.", "# pkg/shapes.py::Shape.get\n    def get", "def f()", "# Task")
    ]
    assert order == sorted(order) and text.index("Make it fast.") < text.index("# Answer")
    assert ("SEARCH" in text) == (form == "search")


def test_what_does_not_fit_is_left_out_by_importance_and_said() -> None:
    outline = "\n".join(f"line {number}" for number in range(2_000))
    text = said(prompts.edit_prompt("Make it fast.", outline, SHOWN, budget=1_000))
    assert tokens(text) <= 1_000 and "lines left out)" in text
    assert "Make it fast." in text and "def get(self)" in text and "def f()" in text
    long = [*SHOWN, ShownCode(Place("c.py", "g", 1, 900), outline)]
    text = said(prompts.edit_prompt("Make it fast.", "outline", long, budget=1_000))
    assert tokens(text) <= 1_000 and "\noutline" not in text and "def get(self)" in text and "line 3\n" in text


def test_a_test_prompt_shows_earlier_tests_and_the_import() -> None:
    text = said(
        prompts.test_prompt(
            "Round.", "", SHOWN, ["def test_a():\n    assert f() == 1"], "import pkg", "from pkg import f"
        )
    )
    assert "exactly one test function" in text and "def test_a()" in text and "another case" in text
    assert text.index("# How a present test file begins") < text.index("# Task") and "`from pkg import f`" in text
    assert "another case" not in said(prompts.test_prompt("Round.", "", SHOWN))


def test_a_repair_prompt_shows_the_change_and_the_failures() -> None:
    failures = [
        FailedTest(
            test=f"tests/test_a.py::test_{n}",
            expected="3",
            actual="4",
            traceback="E   assert 4 == 3",
            passed_before=not n,
        )
        for n in range(5)
    ]
    text = said(prompts.repair_prompt("Round.", "-a\n+b", SHOWN, failures, "2 of 3 changes do the same."))
    for each in (
        "```diff\n-a\n+b",
        "test_0, which passed before",
        "expected: 3",
        "got: 4",
        "E   assert",
        "2 of 3 changes",
    ):
        assert each in text
    assert "2 further tests fail: tests/test_a.py::test_3, tests/test_a.py::test_4" in text
    assert text.index("# Task") < text.index("# Failing tests") < text.index("# Answer")


def test_places_are_chosen_by_number_or_name() -> None:
    places = [Place("a.py", "f", 1, 2), Place("a.py", "C.g", 4, 9), Place("b.py", "h", 1, 3)]
    text = said(prompts.localise_prompt("Round.", places, ["def f(x)", "def g(self)", "def h()"]))
    assert "2. a.py::C.g  def g(self)\n3. b.py::h" in text and text.rstrip().endswith("nothing else.")
    assert prompts.read_choice("3, 1", places) == (places[2], places[0])
    assert prompts.read_choice("<think>1?</think>\nThe place is `C.g`.", places) == (places[1],)
    assert prompts.read_choice("1\n2\n3", places, most=2) == (places[0], places[1])
    assert prompts.read_choice("none of 17", places) == ()


@given(
    st.lists(st.tuples(st.text("ab\n", max_size=400), st.integers(1, 5), st.booleans()), max_size=6),
    st.integers(0, 300),
)
def test_parts_fit_into_any_budget(parts: list[tuple[str, int, bool]], budget: int) -> None:
    text = fitted([Part(each, importance, from_end) for each, importance, from_end in parts], budget)
    assert len(text) <= budget * CHARACTERS_PER_TOKEN
    fixed = fitted([Part("what never goes", 0), *(Part(each, importance) for each, importance, _ in parts)], budget)
    assert fixed.startswith("what never goes")
