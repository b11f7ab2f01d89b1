"""Counts of a role's samples: answers, those that are missing and why, tokens and times."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from cure.json_lines import read_lines
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import Role, Settings

_MOST_REASONS = 20
Place = tuple[int, int]
"""Problem and index of a sample."""


@dataclass(frozen=True, kw_only=True)
class SampleCounts:
    """Counts of the samples of one role; numbers of samples and of answers are kept by problem."""

    asked: Counter[int]
    """Numbers of samples that the run needs, requested already or not, by problem; where the role's samples come from a
    file or an earlier run instead of a model, the numbers of samples found there."""
    answered: Counter[int]
    """Numbers of answers, by problem."""
    reasons: dict[str, int]
    """Numbers of samples all of whose requests have failed so far, by reason; only the most frequent reasons."""
    totals: dict[str, Any]
    """Numbers of answers, tokens and seconds, as in `samples` of metrics.json."""

    @property
    def missing(self) -> int:
        """Number of samples without an answer."""
        return self.asked.total() - self.answered.total()


def count_samples(directory: RunDirectory, settings: Settings, name: Role, problems: int) -> SampleCounts:
    """The counts of a role's samples in a run of this many problems."""
    answers: dict[Place, dict[str, Any]] = {}
    failures: dict[Place, str] = {}
    for record in read_lines(directory.samples(name)):
        place = record["problem"], record["index"]
        if record["error"]:
            failures[place] = record["error"]
        else:
            answers[place] = {key: value for key, value in record.items() if key not in ("text", "key")}
    role = settings.roles.get(name)
    if role is None or role.is_stored:
        asked = Counter(problem for problem, _ in answers.keys() | failures)
    else:
        asked = Counter(dict.fromkeys(range(problems), role.samples))
    reasons = Counter(reason for place, reason in failures.items() if place not in answers)
    return SampleCounts(
        asked=asked,
        answered=Counter(problem for problem, _ in answers),
        reasons=dict(reasons.most_common(_MOST_REASONS)),
        totals=_totals([*answers.values()], reasons.total()),
    )


def _totals(answers: list[dict[str, Any]], failed: int) -> dict[str, Any]:
    lengths = [record["completion_tokens"] for record in answers]
    return {
        "samples": len(answers),
        "failed": failed,
        "truncated": sum(record["finish"] == "length" for record in answers),
        "prompt_tokens": sum(record["prompt_tokens"] for record in answers),
        "completion_tokens": sum(lengths),
        "usage_estimated": sum(record["estimated"] for record in answers),
        "mean_length": fmean(lengths) if lengths else None,
        "median_length": median(lengths) if lengths else None,
        "seconds": max((record["seconds"] for record in answers), default=None),
    }
