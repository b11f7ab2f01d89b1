"""Programs and tests that are not asked for: an earlier run's, or a fixed pool out of a file."""

from __future__ import annotations

import hashlib
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
"""`run:DIRECTORY` is an earlier run; `pool` the programs that the problems of the file bring (`submissions`)."""


def is_given(spec: str) -> bool:
    """Whether the samples of this role come from somewhere else than a model."""
    return spec == POOL or spec.startswith(RUN)


def given_samples(spec: str, role: Role, problems: Sequence[Problem], most: int) -> list[Sample]:
    """Up to `most` samples a problem. Raises ProblemError where there are none."""
    if spec == POOL:
        return _pool(problems, role, most)
    source = RunDirectory(Path(spec.removeprefix(RUN)))
    names = source.path / "problems.json"
    if not names.is_file():
        raise ProblemError(f"{spec}: no evaluation lies there")
    import json

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
    """The `submissions` of each problem."""
    if role != "coder":
        raise ProblemError("pool: a problem set brings programs, not tests; name a model for the tester")
    samples = []
    for number, problem in enumerate(problems):
        for index, submission in enumerate(problem.submissions[:most]):
            source = submission.text
            key = hashlib.sha256(f"pool/{number}/{index}/{source}".encode(errors="surrogatepass")).hexdigest()[:32]
            # In a fence, as in an answer of a model, which is what programs are extracted from.
            samples.append(
                Sample(key=key, problem=number, index=index, text=f"```python\n{source}\n```", finish="stop")
            )
    if not samples:
        raise ProblemError("pool: no problem of the set brings programs (`submissions`)")
    return samples


def keep(samples: Sequence[Sample], path: Path) -> None:
    """Write them where a run keeps its samples, once."""
    if path.is_file():
        return
    lines = Lines(path)
    try:
        for sample in samples:
            lines.append(asdict(sample))
    finally:
        lines.close()
