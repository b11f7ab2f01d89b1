"""Counts of the data that the metrics rest on, to be read before any accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.metrics.judged import Judged
from cure.metrics.value import Measure, pooled


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Counts, over problems and over samples."""

    problems: int
    with_programs: int
    """Problems with at least one extracted program."""
    with_tests: int
    """Problems with at least one extracted test."""
    with_hidden_tests: int
    with_reference: int
    """Problems where a reference solution's verdict on the generated tests is stored."""
    with_right_program: int
    with_wrong_program: int
    programs: int
    """Programs requested."""
    programs_not_extracted: int
    tests_requested: int | None
    """None where a problem does not say how many tests were requested."""
    tests_extracted: int
    tests_not_extracted: int | None
    hidden_tests: int
    """Hidden tests stored."""
    hidden_tests_used: int
    programs_undecided: int
    """Programs that cannot be judged, because the sandbox failed on their hidden tests; they enter no ratio but
    that of programs not extracted."""
    unknown_hidden_cells: int
    """Executions on hidden tests on which the sandbox failed; the standard metrics do not count them against a
    program."""
    unknown_generated_cells: int
    """Executions on generated tests on which the sandbox failed."""


def coverage(problems: Sequence[Judged]) -> Coverage:
    """The counts of these problems."""
    raw = [judged.problem for judged in problems]
    all_requested = all(problem.requested_known for problem in raw)
    requested = sum(problem.tests for problem in raw)
    extracted = sum(int(problem.extracted_tests.sum()) for problem in raw)
    return Coverage(
        problems=len(raw),
        with_programs=sum(bool(problem.extracted_programs.any()) for problem in raw),
        with_tests=sum(bool(problem.extracted_tests.any()) for problem in raw),
        with_hidden_tests=sum(problem.hidden.shape[1] > 0 for problem in raw),
        with_reference=sum(problem.reference is not None for problem in raw),
        with_right_program=sum(bool(judged.right.any()) for judged in problems),
        with_wrong_program=sum(not judged.right.all() for judged in problems),
        programs=sum(problem.programs for problem in raw),
        programs_not_extracted=sum(int((~problem.extracted_programs).sum()) for problem in raw),
        tests_requested=requested if all_requested else None,
        tests_extracted=extracted,
        tests_not_extracted=requested - extracted if all_requested else None,
        hidden_tests=sum(problem.hidden.shape[1] for problem in raw),
        hidden_tests_used=sum(judged.hidden.shape[1] for judged in problems),
        programs_undecided=sum(judged.undecided for judged in problems),
        unknown_hidden_cells=sum(int((~problem.hidden_known).sum()) for problem in raw),
        unknown_generated_cells=sum(int((~problem.generated_known).sum()) for problem in raw),
    )


def extraction_failures(problems: Sequence[Judged]) -> dict[str, Measure]:
    """The share of requested programs and of requested tests that could not be extracted."""
    raw = [judged.problem for judged in problems]
    known = [problem.tests if problem.requested_known else 0 for problem in raw]
    failed = [int((~problem.extracted_tests).sum()) for problem in raw]
    return {
        "program_extraction_failures": pooled(
            [int((~problem.extracted_programs).sum()) for problem in raw],
            [problem.programs for problem in raw],
            "no program was requested",
        ),
        "test_extraction_failures": pooled(
            [count if below else 0 for count, below in zip(failed, known, strict=True)],
            known,
            "no test was requested, or how many were is not stored",
        ),
    }
