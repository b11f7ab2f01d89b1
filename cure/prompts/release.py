"""The raw prompts on which the published CURE models were trained, byte for byte.

`cure.prompts.release_source` reads the wording, this file fills it in. Three peculiarities are kept as
published: the prompt is raw text (a chat template around it breaks the models); the stop texts cut any program that
contains one of them; in the evaluation stage the sentence before the public examples is chosen by min(k_case, number of
examples), while all examples are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jinja2.sandbox import SandboxedEnvironment

from cure.problem import Problem, UnitTest
from cure.prompts import Failure, Words
from cure.prompts.behaviours import summarised
from cure.prompts.chat import statement_of
from cure.prompts.failures import block, shown
from cure.prompts.release_source import StageWording, Wording
from cure.repair import TableSummary
from engines import TextPrompt

STOP = ("</answer>", "User:", "Human:", "Assistant:", "<|im_end|>", "<|endoftext|>")

Stage = Literal["training", "evaluation"]

_REPAIR = """A Python script fails tests and needs repair. Reason first about why it fails, then give the whole \
corrected script in one block that starts with ```python and ends with ```. Read with input() and write with print(). \
A test may itself be wrong; the task decides.

Task:
{problem}

Script:
{program}

{failures}"""


@dataclass(frozen=True)
class ReleaseStyle:
    """The published prompts of one stage. No prompt for repair was published: its words are this project's."""

    wording: Wording
    stage: Stage = "evaluation"
    k_case: int = 16
    """Tests asked for per problem; only the wording before public examples depends on it, and only in evaluation."""
    public_examples: int | None = None
    """Public examples the tester is shown at most; None for the published number: 1 in training, 0 in evaluation."""
    name: str = "release"
    stop: tuple[str, ...] = STOP

    def coder(self, problem: Problem) -> TextPrompt:
        words = self._words
        return TextPrompt(
            _render(words.coder, language="python", special_requirements=words.requirements, problem=problem.question)
        )

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> TextPrompt:  # noqa: ARG002 see below
        """The published prompt; `avoid` is ignored, since the models know one fixed prompt."""
        return TextPrompt(
            _render(self._words.tester, problem=problem.question, example_intro=self._example_intro(problem))
        )

    def repair(
        self, problem: Problem, source: str, failures: Sequence[Failure], summary: TableSummary | None = None
    ) -> TextPrompt:
        opening, closing = _frame(self._words.coder)
        text = _REPAIR.format(problem=problem.question, program=block(source, "python"), failures=shown(failures))
        if summary is not None and (others := summarised(summary)):
            text = f"{text.rstrip()}\n\nAll scripts so far:\n{others}"
        return TextPrompt(opening + text.rstrip() + closing)

    def instruct(self, problem: Problem, words: Words) -> TextPrompt:
        """The instructions that `words` returns, in the frame of the published prompts."""
        opening, closing = _frame(self._words.coder)
        return TextPrompt(opening + words(statement_of(problem)).rstrip() + closing)

    @property
    def _words(self) -> StageWording:
        return self.wording.training if self.stage == "training" else self.wording.evaluation

    def _example_intro(self, problem: Problem) -> str:
        most = self.public_examples
        if most is None:
            most = 1 if self.stage == "training" else 0
        examples = problem.examples[:most]
        count = len(examples) if self.stage == "training" else min(self.k_case, len(examples))
        if count == 0:
            return self._words.no_example
        given = ", ".join(repr(test.stdin) for test in examples)
        expected = ", ".join(repr(test.expected) for test in examples)
        template = self._words.one_example if count == 1 else self._words.more_examples
        return _render(template, n_sample=count, example_input=given, example_output=expected)


def _render(template: str, **values: object) -> str:
    return SandboxedEnvironment().from_string(template).render(**values)


def _frame(template: str) -> tuple[str, str]:
    """The parts of the template before and after the user's words; neither has anything to fill in."""
    start = template.index("User: ") + len("User: ")
    return template[:start], template[template.rindex(" <|im_end|>") :]
