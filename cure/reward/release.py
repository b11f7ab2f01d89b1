"""The rewards of the released code, to 1e-12 (reference: Gen-Verse/CURE @ 69fe174, `reward.py`).

Per problem the table is (codes, ground-truth tests then generated tests): in its files the ground truth comes first,
in the paper last. Programs get the share of ground-truth tests passed. Valid tests get the share of wrong programs they
fail, invalid ones minus the share they pass, 1 and -1 with no wrong program; nothing with no right program. Each role's
rewards are standardised; a group whose deviation is 0 is dropped.

What is odd is kept here (R1 to R8 of `docs/rewards.md`) and mended in the rest of `cure.reward`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cure.reward.values import Booleans, Floats

END_OF_TURN = "<|im_end|>"


@dataclass(frozen=True)
class Settings:
    """What `reward.py` is told."""

    enable_efficient: bool = False
    """Trade reward for length, on programs as well as on tests."""
    post_stage: bool = False
    """A test is judged by whether any wrong program passes, not by how many do."""
    max_len_threshold: int = 8000
    min_len_threshold: int = 1000
    """Bounds of the length above which a good answer loses."""
    max_generation_len: int = 10000
    """Answers of this many tokens or more count as truncated: no end of turn is appended."""


@dataclass(frozen=True)
class Answers:
    """What one role wrote for one problem."""

    prompt: str
    texts: tuple[str, ...]
    lengths: NDArray[np.int64]
    """Tokens of each text."""


@dataclass(frozen=True)
class Problem:
    """One problem's answers and what they did."""

    table: Booleans | None
    """(codes, ground-truth tests then generated tests); None where nothing was executed."""
    ground_truth: int
    codes: Answers
    tests: Answers


@dataclass(frozen=True)
class RoleRewards:
    """One role's rewards of one problem, None where the release has none."""

    raw: Floats | None
    final: Floats | None
    """Standardised, perhaps transformed: what is trained on. None when the group is dropped."""


@dataclass(frozen=True)
class Sample:
    """One answer to train on. The reward is None where the release trains on NaN."""

    prompt: str
    response: str
    reward: float | None


@dataclass(frozen=True)
class ReleaseRewards:
    """The released code's two training sets, problem by problem, in the order of the answers (unshuffled)."""

    rl_code_data: tuple[Sample, ...]
    rl_case_data: tuple[Sample, ...]
    error: str | None = None
    """The exception the released code raises; none is known for a well-formed table."""
    reason: str | None = None
    """Why there are rewards that are None."""


def release_rewards(problems: Sequence[Problem], settings: Settings) -> ReleaseRewards:
    """The released code's rewards of these problems."""
    codes: list[Sample] = []
    tests: list[Sample] = []
    reason = None
    for index, problem in enumerate(problems):
        codes += _samples(problem.codes, code_rewards(problem, settings).final, settings)
        tests += _samples(problem.tests, test_rewards(problem, settings).final, settings)
        if problem.table is not None and not problem.ground_truth and reason is None:
            reason = f"problem {index} has no ground-truth tests: the released code trains its programs on NaN (R1)"
    return ReleaseRewards(tuple(codes), tuple(tests), reason=reason)


def code_rewards(problem: Problem, settings: Settings) -> RoleRewards:
    """The rewards of the programs; NaN without ground-truth tests (R1)."""
    if problem.table is None or not problem.table.shape[0]:
        return RoleRewards(None, None)
    labels = problem.table[:, : problem.ground_truth]
    raw = labels.mean(axis=1) if labels.size else np.full(labels.shape[0], np.nan)
    return _role(raw, problem.codes.lengths, settings)


def test_rewards(problem: Problem, settings: Settings) -> RoleRewards:
    """The rewards of the tests; none when no program is right. Without ground-truth tests all are (R1)."""
    if problem.table is None:
        return RoleRewards(None, None)
    right = problem.table[:, : problem.ground_truth].all(axis=1)
    generated = problem.table[:, problem.ground_truth :]
    if not right.any() or not generated.size:
        return RoleRewards(None, None)
    valid = generated[right].all(axis=0)
    by_wrong = generated[np.logical_not(right)]
    if not by_wrong.shape[0]:
        raw = np.where(valid, 1.0, -1.0)
    elif settings.post_stage:
        passed = by_wrong.any(axis=0)
        raw = np.where(valid, np.logical_not(passed), -1.0 * passed)
    else:
        raw = np.where(valid, np.logical_not(by_wrong).mean(axis=0), -by_wrong.mean(axis=0))
    return _role(raw, problem.tests.lengths, settings)


test_rewards.__test__ = False  # type: ignore[attr-defined]  # else pytest takes the function for a test


def _role(raw: Floats, lengths: NDArray[np.int64], settings: Settings) -> RoleRewards:
    """Standardised rewards. The deviation of equal fractions may be a rounding error, which is then divided by."""
    deviation = raw.std()
    if deviation:
        final = (raw - raw.mean()) / deviation
    elif settings.enable_efficient and (raw == 1).all():
        final = raw
    else:
        return RoleRewards(raw, None)
    return RoleRewards(raw, _efficient(final, lengths, settings) if settings.enable_efficient else final)


def _efficient(rewards: Floats, lengths: NDArray[np.int64], settings: Settings) -> Floats | None:
    """The release's length transformation; None when no positive or no negative entry is left (R2 to R4)."""
    shaped = np.sign(rewards)
    good, bad = shaped > 0, shaped < 0
    if good.any() and np.ptp(lengths[good]):
        threshold = np.clip(np.median(lengths[good]), settings.min_len_threshold, settings.max_len_threshold)
        shaped[good] = threshold - lengths[good]
        shaped[bad] = np.where(good, shaped, 0.0).min()
    positive, negative = shaped > 0, shaped < 0
    if not positive.any() or not negative.any():
        return None
    shaped[positive] *= -shaped[negative].sum() / shaped[positive].sum()
    return np.asarray(shaped / shaped.std())


def _samples(answers: Answers, rewards: Floats | None, settings: Settings) -> list[Sample]:
    if rewards is None:
        return []
    ends = ["" if length >= settings.max_generation_len else END_OF_TURN for length in answers.lengths]
    return [
        Sample(answers.prompt, text + end, None if np.isnan(reward) else float(reward))
        for text, end, reward in zip(answers.texts, ends, rewards, strict=True)
    ]
