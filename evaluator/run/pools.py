"""Stored samples, for which no model is asked: from an earlier run, or from the programs of the problem set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from cure.errors import ProblemError
from cure.json_lines import Lines, read_lines
from cure.problem import Problem
from evaluator.run.directory import RunDirectory
from evaluator.run.samples import Sample
from evaluator.run.settings import POOL, RUN, Role


def stored_samples(spec: str, role: Role, problems: Sequence[Problem], most: int) -> list[Sample]:
    """Up to `most` stored samples per problem; samples that an earlier run failed to get come with their error.

    Raises ProblemError where there are none.
    """
    return _pool(problems, role, most) if spec == POOL else _of_run(spec, role, problems, most)


def _of_run(spec: str, role: Role, problems: Sequence[Problem], most: int) -> list[Sample]:
    """The samples of an earlier run for these problems, which it may have in another order."""
    source = RunDirectory(Path(spec.removeprefix(RUN)))
    names = source.problem_names()
    if not names:
        raise ProblemError(f"{spec}: the directory holds no evaluation")
    number_here = {problem.name: number for number, problem in enumerate(problems)}
    numbers = {there: number_here[name] for there, name in enumerate(names) if name in number_here}
    found = (Sample(**record) for record in read_lines(source.samples(role)))
    samples = [
        replace(sample, problem=numbers[sample.problem])
        for sample in found
        if sample.problem in numbers and sample.index < most
    ]
    if not samples:
        raise ProblemError(f"{spec}: has no samples of the {role} for these problems")
    return samples


def _pool(problems: Sequence[Problem], role: Role, most: int) -> list[Sample]:
    """The `submissions` of each problem as samples. Raises ProblemError for the tester, and where there are none."""
    if role != "coder":
        raise ProblemError("pool: a problem set brings programs, not tests; name a model for the tester")
    samples = []
    for number, problem in enumerate(problems):
        for index, submission in enumerate(problem.submissions[:most]):
            source = submission.text
            key = hashlib.sha256(f"pool/{number}/{index}/{source}".encode(errors="surrogatepass")).hexdigest()[:32]
            # Programs are extracted from fenced code, like that in a model's answer.
            samples.append(
                Sample(key=key, problem=number, index=index, text=f"```python\n{source}\n```", finish="stop")
            )
    if not samples:
        raise ProblemError("pool: no problem of the set brings programs (`submissions`)")
    return samples


def append_new(samples: Iterable[Sample], path: Path) -> None:
    """Append the samples to the file, without those that it has."""
    lines = Lines(path)
    try:
        there = {(record["problem"], record["index"], record["error"]) for record in read_lines(path)}
        for sample in samples:
            if (sample.problem, sample.index, sample.error) not in there:
                lines.append(asdict(sample))
    finally:
        lines.close()
