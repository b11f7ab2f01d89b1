"""The prompts of the bundled micro model as one style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem import Problem, UnitTest
from cure.prompts import Failure, micro
from engines import Prompt


@dataclass(frozen=True)
class MicroStyle:
    """Prompts of a statement, with one failing test at most: the model follows no instructions."""

    name: str = "micro"
    stop: tuple[str, ...] = micro.STOP

    def coder(self, problem: Problem) -> Prompt:
        return micro.coder_prompt(problem)

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> Prompt:  # noqa: ARG002 no words for it
        return micro.tester_prompt(problem)

    def repair(self, problem: Problem, source: str, failures: Sequence[Failure]) -> Prompt:
        """The prompt of the first failure; the coder's prompt where there is none."""
        if not failures:
            return micro.coder_prompt(problem)
        first = failures[0]
        return micro.repair_prompt(problem, source, first.test, first.got or first.error)
