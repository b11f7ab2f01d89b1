"""Stored samples, for which no model is asked: from an earlier run, from the problem set, or from a file."""

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
from evaluator.run.settings import POOL, RUN, SAMPLES, Role


def stored_samples(spec: str, role: Role, problems: Sequence[Problem], most: int) -> list[Sample]:
    """Up to `most` stored samples per problem; samples that an earlier run failed to get come with their error.

    Raises ProblemError where there are none, or where the tester is to take programs of the problem set or of a file.
    """
    if spec == POOL:
        brought = [[submission.text for submission in problem.submissions[:most]] for problem in problems]
        return _as_samples(spec, role, brought)
    if spec.startswith(SAMPLES):
        from evaluator.run.own_samples import samples_of

        programs = samples_of(Path(spec.removeprefix(SAMPLES).rpartition("@")[0]), problems)
        return _as_samples(spec, role, [programs.get(problem.name, []) for problem in problems])
    return _of_run(spec, role, problems, most)


def _of_run(spec: str, role: Role, problems: Sequence[Problem], most: int) -> list[Sample]:
    """The samples of an earlier run for these problems, whose order in that run may be another one.

    Raises ProblemError where the directory holds no run, or the run has no samples of this role for these problems.
    """
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


def _as_samples(spec: str, role: Role, programs: Sequence[Sequence[str]]) -> list[Sample]:
    """The programs of each problem as samples. Raises ProblemError for the tester, and where there are none."""
    kind = spec.partition(":")[0]
    if role != "coder":
        raise ProblemError(f"--{role} {spec}: these are programs, not tests; name a model with --{role}")
    if not any(programs):
        none = "no problem of the set comes with programs, in the field `submissions`"
        reason = none if spec == POOL else "holds no program for these problems"
        raise ProblemError(f"--{role} {spec}: {reason}; name a model with --{role}")
    samples = []
    for number, sources in enumerate(programs):
        for index, source in enumerate(sources):
            key = hashlib.sha256(f"{kind}/{number}/{index}/{source}".encode(errors="surrogatepass")).hexdigest()[:32]
            # Programs are extracted from fenced code, like that in a model's answer.
            text = f"```python\n{source}\n```"
            samples.append(Sample(key=key, problem=number, index=index, text=text, finish="stop"))
    return samples


def append_new(samples: Iterable[Sample], path: Path) -> None:
    """Append the samples to the file, except those whose problem, index and error the file already has."""
    lines = Lines(path)
    try:
        there = {(record["problem"], record["index"], record["error"]) for record in read_lines(path)}
        for sample in samples:
            if (sample.problem, sample.index, sample.error) not in there:
                lines.append(asdict(sample))
    finally:
        lines.close()
