"""Puts the samples of runs where a comparison of strategies looks for them, so that none is asked for again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.compare.answers import Answers
from agent.solve.asking import request_seed
from benchmarks.real_prompts.problem_set import Row, problems_of
from cure.json_lines import read_lines
from cure.problem import Problem
from cure.prompts import prompts_for
from engines import ChatPrompt, Completion, Request, Sampling, Usage
from evaluator.run.directory import RunDirectory


def share(rows: Sequence[Row], runs: Sequence[RunDirectory], folder: Path) -> int:
    """The number of samples of these runs that are now in `folder`, a comparison's `answers/`.

    These samples stand for those of the solver's first round with seed 0, whose prompts and sampling are those of the
    form `chat`; only the seeds with which they were drawn differ. The comparison needs the same `--model`,
    `--temperature` and `--max-tokens` as the runs, and at most as many programs and tests as they have. Raises
    ValueError if the folder of a run does not end with `-chat`.
    """
    answers, problems, count = Answers(folder), problems_of(list(rows)), 0
    for run in runs:
        if not run.path.name.endswith("-chat"):
            raise ValueError(f"{run.path}: the solver's prompts are those of the form chat")
        for role, asked in run.read_settings().roles.items():
            for sample in read_lines(run.samples(role)):
                if sample["error"]:
                    continue
                sampling = _Sampled(asked.temperature, asked.top_p, asked.max_tokens, asked.samples)
                request = _request(role, problems[sample["problem"]], sampling)
                usage = Usage(sample["prompt_tokens"], sample["completion_tokens"], sample["estimated"])
                completion = _completion(request, sample, usage)
                answers.put(asked.model, request, completion, sample["seconds"])
                count += 1
    return count


def share_stored(
    rows: Sequence[Row],
    records: Iterable[Mapping[str, Any]],
    folder: Path,
    *,
    model: str,
    count_tokens: Callable[[ChatPrompt], int],
    samples: int = 8,
) -> int:
    """The number of stored answers (`benchmarks.real_prompts.store`) that are now in `folder`, as `share` puts samples.

    `model` is the comparison's `--model`, whose answers the records have to be. The records lack the length of prompts,
    which `count_tokens` gives, and the seconds that an answer took, which are then 0. The first `samples` records of a
    problem and role are taken. Records of another form of prompts than `chat`, and of other problems than those of
    `rows`, are left out.
    """
    answers, numbers = Answers(folder), Counter[tuple[str, str]]()
    problems = {problem.name: problem for problem in problems_of(list(rows))}
    for record in records:
        place = record["problem"], record["role"]
        if record["form"] != "chat" or record["problem"] not in problems or numbers[place] == samples:
            continue
        sample = {**record, "index": numbers[place]}
        numbers[place] += 1
        sampling = _Sampled(record["temperature"], 1.0, record["max_tokens"], samples)
        request = _request(record["role"], problems[record["problem"]], sampling)
        assert isinstance(request.prompt, ChatPrompt), "prompts of the form chat are messages"
        prompt_tokens = 0 if sample["index"] else count_tokens(request.prompt)
        answers.put(model, request, _completion(request, sample, Usage(prompt_tokens, sample["tokens"])), 0.0)
    return numbers.total()


@dataclass(frozen=True)
class _Sampled:
    """How the samples of a request were drawn."""

    temperature: float
    top_p: float
    max_tokens: int
    samples: int


def _request(role: str, problem: Problem, asked: _Sampled) -> Request:
    """The request of the solver's first round with seed 0."""
    key, style = f"{role}/1", prompts_for("chat")
    sampling = Sampling(asked.temperature, asked.top_p, None, asked.max_tokens, request_seed(0, key), style.stop)
    prompt = style.coder(problem) if role == "coder" else style.tester(problem, [])
    return Request(key, prompt, asked.samples, sampling)


def _completion(request: Request, sample: Mapping[str, Any], usage: Usage) -> Completion:
    return Completion(request.key, sample["index"], sample["text"], sample["finish"], usage=usage)
