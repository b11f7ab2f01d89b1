"""Turns a completion into a candidate, a test, or a rejection with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from agent.runs.events import Asked
from cure.extract import Extractor
from cure.problem import Problem, UnitTest
from cure.table import Candidate


@dataclass(frozen=True)
class Rejection:
    """A completion without a usable program or test."""

    reason: str


def read_answer(asked: Asked, text: str, extract: Extractor, problem: Problem) -> Candidate | UnitTest | Rejection:
    """The candidate (coder) or test (tester) in an answer to a request, or why there is none."""
    return _program(asked, text, extract) if asked.role == "coder" else _test(text, extract, problem)


def without_lone_surrogates(text: str) -> str:
    """The text with lone surrogates replaced: some servers split a pair between two pieces of a stream."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _program(asked: Asked, text: str, extract: Extractor) -> Candidate | Rejection:
    extracted = extract.program(text)
    if extracted.value is None:
        return Rejection(extracted.why)
    return Candidate(extracted.value, "repair" if asked.parent else "sampled", asked.parent, asked.round)


def _test(text: str, extract: Extractor, problem: Problem) -> UnitTest | Rejection:
    extracted = extract.test(text)
    if extracted.value is None:
        return Rejection(extracted.why)
    if any(extracted.value.stdin.split() == example.stdin.split() for example in problem.examples):
        return Rejection("It repeats the input of a public example.")
    return extracted.value
