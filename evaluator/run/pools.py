"""Stored samples, for which no model is asked: from an earlier run, or from the programs of the problem set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cure.errors import ProblemError
from cure.json_lines import Lines, read_lines
from cure.problem import Problem
from evaluator.run.directory import RunDirectory
from evaluator.run.samples import Sample
from evaluator.run.settings import Role

RUN, POOL = "run:", "pool"
"""`run:DIRECTORY` names an earlier run; `pool` the labelled programs in the problem set (`submissions`)."""


def is_given(spec: str) -> bool:
    """Whether the spec names stored samples instead of a model."""
    return spec == POOL or spec.startswith(RUN)


def given_samples(spec: str, role: Role, problems: Sequence[Problem], most: int) -> list[Sample]:
    """Up to `most` stored samples per problem. Raises ProblemError where there are none."""
    if spec == POOL:
        return _pool(problems, role, most)
    source = RunDirectory(Path(spec.removeprefix(RUN)))
    names = source.path / "problems.json"
    if not names.is_file():
        raise ProblemError(f"{spec}: the directory holds no evaluation")
    their_names: list[str] = json.loads(names.read_text(encoding="utf-8"))
    where = {name: number for number, name in enumerate(their_names)}
    numbers = {where[problem.name]: number for number, problem in enumerate(problems) if problem.name in where}
    found = [Sample(**record) for record in read_lines(source.samples(role))]
    samples = [
        Sample(**{**asdict(sample), "problem": numbers[sample.problem]})
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


def keep(samples: Sequence[Sample], path: Path) -> None:
    """Write the samples to the file, unless it exists."""
    if path.is_file():
        return
    lines = Lines(path)
    try:
        for sample in samples:
            lines.append(asdict(sample))
    finally:
        lines.close()
