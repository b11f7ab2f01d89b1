"""Samples of one role: those stored, and requests for those that are missing."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cure.asking import Part, missing_parts
from cure.json_lines import Lines, read_lines
from cure.problem import Problem
from cure.prompts import PromptStyle
from cure.prompts.examples import without_examples
from engines import Completion, Engine, EngineError, Prompt, Request, prompt_text
from evaluator.run.settings import Role, RoleSettings

SEEDS_APART = 1_000_003
"""Difference between the seeds of two consecutive problems' first samples."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One answer, or the failure of a request for it, as stored in a line of the samples file."""

    key: str
    """32 hexadecimal digits of the SHA-256 of all that determines the answer: model, prompt, sampling, index."""
    problem: int
    """Index of the problem in the set."""
    index: int
    """Index of the sample among those of the problem and the role."""
    text: str
    finish: str
    """Why the answer ended: `stop`, `length` where it was cut at `max_tokens`, or `error`."""
    error: str = ""
    """The reason why there is no answer; empty where there is one."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether the numbers of tokens are estimates."""
    seconds: float = 0.0
    """Seconds from asking the engine for all missing samples to this answer; where the engine reports the time of this
    answer alone (batches), that time."""


class Samples:
    """The answers of one role that are stored in a file."""

    def __init__(self, path: Path, wanted: int, keys: Callable[[int, int], str] | None) -> None:
        """Read the file, without samples whose key is not `keys(problem, index)`: those of other prompts or settings.

        Without `keys` the samples are stored ones, of an earlier run, a file or the problem set: the first `wanted` of
        each problem are taken, and no model is asked.
        """
        self._wanted = None if keys is None else wanted
        self._found: dict[int, dict[int, Sample]] = {}
        self._failed: dict[int, set[int]] = {}
        for record in read_lines(path):
            sample = Sample(**record)
            if sample.index < wanted and (keys is None or sample.key == keys(sample.problem, sample.index)):
                self.add(sample)

    def add(self, sample: Sample) -> None:
        """Add an answer, or a failed request."""
        if sample.error:
            self._failed.setdefault(sample.problem, set()).add(sample.index)
        else:
            self._found.setdefault(sample.problem, {})[sample.index] = sample

    def of(self, problem: int) -> list[Sample]:
        """The answers to a problem, by index."""
        return [sample for _, sample in sorted(self._found.get(problem, {}).items())]

    def missing(self, problem: int) -> list[int]:
        """Indices of the answers to a problem that are wanted and missing; of stored samples, those that failed."""
        indices = sorted(self._failed.get(problem, ())) if self._wanted is None else range(self._wanted)
        return [index for index in indices if index not in self._found.get(problem, {})]

    def forget_texts(self, problem: int) -> None:
        """Free the texts of a problem's answers, once its table has been made; they are on disk."""
        for index, sample in self._found.get(problem, {}).items():
            self._found[problem][index] = replace(sample, text="")


@dataclass(frozen=True)
class Asker:
    """One role of one evaluation: its engine, prompts and settings."""

    role: Role
    engine: Engine | None
    """None where the samples are stored ones, of an earlier run, a file or the problem set."""
    spec: str
    """The engine's name of the model, with the server where the name includes it; it is part of the samples' keys."""
    style: PromptStyle
    settings: RoleSettings

    def prompt(self, problem: Problem) -> Prompt:
        """The role's prompt for a problem."""
        if self.role == "coder":
            return self.style.coder(problem)
        return self.style.tester(without_examples(problem) if self.settings.hide_examples else problem)

    def keys(self, problems: Sequence[Problem]) -> Callable[[int, int], str]:
        """A function of problem and index that gives the key of a sample."""
        # `hide_examples` changes the prompt, which is in the key; runs from before that setting keep their keys.
        settings = self.settings.model_dump(exclude={"samples", "model", "hide_examples"})
        common = json.dumps([self.spec, settings, self.style.stop], sort_keys=True)
        prompts: dict[int, str] = {}

        def key(problem: int, index: int) -> str:
            if problem >= len(problems):
                return ""
            if problem not in prompts:
                text = prompt_text(self.prompt(problems[problem]))
                prompts[problem] = hashlib.sha256(f"{common}\0{text}".encode(errors="surrogatepass")).hexdigest()
            return hashlib.sha256(f"{prompts[problem]}/{index}".encode()).hexdigest()[:32]

        return key

    def request(self, number: int, problem: Problem) -> Request:
        """The request for all samples of a problem; `number` is its index in the set."""
        seed = self.settings.seed + SEEDS_APART * number
        key = f"{self.role}/{problem.name or number}#{number}"
        sampling = self.settings.sampling(seed, self.style.stop)
        return Request(key, self.prompt(problem), self.settings.samples, sampling)


async def fill(
    engine: Engine,
    askers: Sequence[Asker],
    problems: Sequence[Problem],
    samples: Mapping[str, Samples],
    lines: Mapping[str, Lines],
) -> AsyncGenerator[Sample, None]:
    """Ask one engine for the missing samples of these roles; a sample is written to `lines` before it is yielded.

    Where the engine itself fails, all samples that it has not given fail with its reason. Raises EngineError where the
    engine fails before its first sample or after its last.
    """
    keys = {asker.role: asker.keys(problems) for asker in askers}
    parts: dict[str, tuple[Role, int, Part]] = {}
    for number, problem in enumerate(problems):
        for asker in askers:
            missing = samples[asker.role].missing(number)
            have = set(range(asker.settings.samples)).difference(missing)
            for part in missing_parts(asker.request(number, problem), have) if missing else ():
                parts[part.request.key] = (asker.role, number, part)
    # The engine is asked even if nothing is missing: a batch engine then forgets batches whose samples are all on disk.
    begun = time.monotonic()
    async with aclosing(_completions(engine, [part.request for *_, part in parts.values()])) as completions:
        async for completion in completions:
            role, number, part = parts[completion.key]
            index = part.first + completion.index
            sample = _sample(completion, keys[role](number, index), number, index, time.monotonic() - begun)
            lines[role].append(asdict(sample))
            samples[role].add(sample)
            yield sample


async def _completions(engine: Engine, requests: Sequence[Request]) -> AsyncGenerator[Completion, None]:
    """Exactly one completion of each sample: errors for those that the engine has not given when it fails.

    Raises EngineError where the engine fails before its first completion or after its last.
    """
    left = {(request.key, index) for request in requests for index in range(request.n)}
    count = len(left)
    try:
        async with aclosing(engine.complete(requests)) as completions:
            async for completion in completions:
                left.discard((completion.key, completion.index))
                yield completion
    except EngineError as error:
        if len(left) in (0, count):
            raise
        for key, index in sorted(left):
            yield Completion(key, index, "", "error", error=str(error))


def _sample(completion: Completion, key: str, problem: int, index: int, seconds: float) -> Sample:
    usage = completion.usage
    return Sample(
        key=key,
        problem=problem,
        index=index,
        text=completion.text,
        finish=completion.finish,
        error=completion.error,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        estimated=usage.estimated,
        seconds=round(seconds if completion.seconds is None else completion.seconds, 3),
    )
