"""Puts the samples of runs where a comparison of strategies looks for them, so that none is asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agent.compare.answers import Answers
from agent.solve.asking import request_seed
from benchmarks.real_prompts.problem_set import Row, problems_of
from cure.json_lines import read_lines
from cure.prompts import prompts_for
from engines import Completion, Request, Sampling, Usage
from evaluator.run.directory import RunDirectory


def share(rows: Sequence[Row], runs: Sequence[RunDirectory], folder: Path) -> int:
    """The number of samples of these runs that are now in `folder`, a comparison's `answers/`.

    These samples stand for those of the solver's first round with seed 0, whose prompts and sampling are those of the
    form `chat`; only the seeds with which they were drawn differ. The comparison needs the same `--model`,
    `--temperature` and `--max-tokens` as the runs, and at most as many programs and tests as they have. Raises
    ValueError if the folder of a run does not end with `-chat`.
    """
    answers, problems, style, count = Answers(folder), problems_of(list(rows)), prompts_for("chat"), 0
    for run in runs:
        if not run.path.name.endswith("-chat"):
            raise ValueError(f"{run.path}: the solver's prompts are those of the form chat")
        for role, asked in run.read_settings().roles.items():
            key = f"{role}/1"
            sampling = Sampling(
                asked.temperature, asked.top_p, None, asked.max_tokens, request_seed(0, key), style.stop
            )
            for sample in read_lines(run.samples(role)):
                if sample["error"]:
                    continue
                problem = problems[sample["problem"]]
                prompt = style.coder(problem) if role == "coder" else style.tester(problem, [])
                usage = Usage(sample["prompt_tokens"], sample["completion_tokens"], sample["estimated"])
                completion = Completion(key, sample["index"], sample["text"], sample["finish"], usage=usage)
                answers.put(asked.model, Request(key, prompt, asked.samples, sampling), completion, sample["seconds"])
                count += 1
    return count
