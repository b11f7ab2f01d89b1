"""Problems without their public examples."""

from __future__ import annotations

from cure.problem import Problem, UnitTest
from cure.prompts import prompts_for
from cure.prompts.examples import without_examples
from engines import prompt_text

SUM = Problem(
    "Print the sum of two lines.\n\nInput\nTwo integers, one a line.\n\nExample\n\nInput\n  12\n30\n\nOutput\n42\n",
    (UnitTest("12\n30\n", "42\n", "public"), UnitTest("77\n1\n", "78\n", "public")),
)


def test_neither_the_list_nor_the_statement_shows_an_example() -> None:
    hidden = without_examples(SUM)
    assert hidden.examples == ()
    assert hidden.question.splitlines()[7:] == ["Input", "(not shown)", "", "Output", "(not shown)"]
    text = prompt_text(prompts_for("chat").tester(hidden))
    assert not any(number in text for number in ("12", "30", "42", "77", "78"))


def test_lines_that_only_contain_an_example_stay() -> None:
    problem = Problem("The answer to 12 is 42.\n42 is even.\n", (UnitTest("12", "42", "public"),))
    assert without_examples(problem).question == "The answer to 12 is 42.\n42 is even."


def test_an_empty_input_leaves_the_statement_alone() -> None:
    problem = Problem("Print 7.\n\nExample\n\n7\n", (UnitTest("", "7\n", "public"),))
    assert without_examples(problem).question == "Print 7.\n\nExample\n\n(not shown)"
