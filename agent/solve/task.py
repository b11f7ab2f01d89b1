"""Prompts of a solve and parsing of the answers: the only part of a solve that depends on the kind of candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from agent.runs.events import Asked
from cure.extract import Extractor
from cure.inputs import new_inputs
from cure.problem import Problem, UnitTest, UnlabelledInput
from cure.prompts import Failure, PromptStyle, Words
from cure.repair import TableSummary
from cure.table import Candidate, Cell, Column, ProgramColumn, Row
from engines import Prompt
from sandbox import Verdict

RowT = TypeVar("RowT", bound=Row)
ColumnT = TypeVar("ColumnT", bound=Column)
RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)


@dataclass(frozen=True)
class Rejection:
    """A completion without a usable candidate or test."""

    reason: str


class Task(Protocol[RowT_co, ColumnT]):
    """Prompts of both roles, and parsing of their answers."""

    def stop(self, role: str) -> tuple[str, ...]:
        """Texts at which an answer of the role ends."""

    def coder(self) -> Prompt:
        """The prompt that asks for a candidate."""

    def tester(self, avoid: Sequence[ColumnT] = ()) -> Prompt:
        """The prompt that asks for a test whose input is not that of a test in `avoid`."""

    def repair(
        self, candidate: str, failures: Sequence[tuple[ColumnT, Cell]], summary: TableSummary | None = None
    ) -> Prompt:
        """The prompt that asks for a better candidate than this text; each failed test comes with its cell. `summary`
        says what the candidates so far do.
        """

    def instruct(self, role: str, words: Words) -> Prompt | None:
        """The prompt that asks the role for what the words say; None where its model follows no instructions."""

    def input_of(self, text: str, how: str) -> ColumnT:
        """A new column for this input, whose right output is unknown."""

    def new_inputs(self, tests: Mapping[str, ColumnT], count: int, seed: int) -> Sequence[tuple[ColumnT, str]]:
        """Up to `count` new columns whose right output is unknown, made out of these tests without a model, each with
        the words that say how it was made; none where nothing can be made. The same arguments give the same columns.
        """

    def read_candidate(self, asked: Asked, text: str) -> RowT_co | Rejection:
        """The candidate in an answer to a request, or why there is none."""

    def read_test(self, text: str) -> ColumnT | Rejection:
        """The test in an answer, or why there is none."""


@dataclass(frozen=True, kw_only=True)
class ProgramTask:
    """The task of writing a program for a problem, judged by unit tests."""

    problem: Problem
    coder_style: PromptStyle
    tester_style: PromptStyle
    extract: Extractor

    def stop(self, role: str) -> tuple[str, ...]:
        """Texts at which an answer of the role ends."""
        return (self.coder_style if role == "coder" else self.tester_style).stop

    def coder(self) -> Prompt:
        """The prompt that asks for a program."""
        return self.coder_style.coder(self.problem)

    def tester(self, avoid: Sequence[ProgramColumn] = ()) -> Prompt:
        """The prompt that asks for a unit test whose input is not that of a test in `avoid`."""
        return self.tester_style.tester(self.problem, [test for test in avoid if isinstance(test, UnitTest)])

    def repair(
        self, candidate: str, failures: Sequence[tuple[ProgramColumn, Cell]], summary: TableSummary | None = None
    ) -> Prompt:
        """The prompt that asks for a better program than `candidate`; each failed test comes with its cell."""
        failed = [_failure(test, cell) for test, cell in failures if isinstance(test, UnitTest)]
        return self.coder_style.repair(self.problem, candidate, failed, summary)

    def instruct(self, role: str, words: Words) -> Prompt | None:
        """The prompt that asks the role for what the words say; None where its model follows no instructions."""
        return (self.coder_style if role == "coder" else self.tester_style).instruct(self.problem, words)

    def input_of(self, text: str, how: str) -> UnlabelledInput:
        """A new input, made in the way that `how` says."""
        return UnlabelledInput(text, how)

    def new_inputs(
        self, tests: Mapping[str, ProgramColumn], count: int, seed: int
    ) -> Sequence[tuple[ProgramColumn, str]]:
        """Up to `count` new inputs, made out of those of the tests, each with the words that say how it was made."""
        examples = {name: test.stdin for name, test in tests.items() if test.trusted}
        others = {name: test.stdin for name, test in tests.items() if not test.trusted}
        made = new_inputs(examples, others, self.problem.question, count, seed)
        return [(each, each.how) for each in made]

    def read_candidate(self, asked: Asked, text: str) -> Candidate | Rejection:
        """The program in an answer to a request, or why there is none."""
        extracted = self.extract.program(text)
        if extracted.value is None:
            return Rejection(extracted.why)
        return Candidate(extracted.value, "repair" if asked.parent else "sampled", asked.parent, asked.round)

    def read_test(self, text: str) -> UnitTest | Rejection:
        """The unit test in an answer, or why there is none."""
        extracted = self.extract.test(text)
        if extracted.value is None:
            return Rejection(extracted.why)
        return extracted.value


def _failure(test: UnitTest, cell: Cell) -> Failure:
    got = cell.stdout if cell.verdict is Verdict.OK else ""
    error = "" if cell.verdict is Verdict.OK else f"{cell.verdict}: {cell.reason}\n{cell.stderr_tail}".strip()
    return Failure(test, got, error)
