"""The rewards of CURE's released code, equal to within 1e-12 (reference: Gen-Verse/CURE @ 69fe174, `reward.py`).

The table of a problem is (codes, ground-truth tests then generated tests): in the released files the ground truth comes
first, in the paper last. A program's reward is the share of ground-truth tests that it passes. A test is valid if all
right programs pass it. A valid test's reward is the share of wrong programs that fail it; an invalid test's reward is
-1 times the share of wrong programs that pass it. Without wrong programs, valid tests get 1 and invalid ones -1;
without right programs, tests get no reward. Each role's rewards are standardised; a group whose standard deviation is 0
is dropped.

The released code's faults (R1 to R8 of `docs/rewards.md`) are reproduced here and corrected in the rest of
`cure.reward`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cure.reward.values import Booleans, Floats

END_OF_TURN = "<|im_end|>"


@dataclass(frozen=True)
class ReleaseSwitches:
    """Options of `reward.py`, under its names."""

    enable_efficient: bool = False
    """Replace the rewards of programs and tests by rewards that favour short answers."""
    post_stage: bool = False
    """A test is judged by whether any wrong program passes, not by how many do."""
    max_len_threshold: int = 8000
    min_len_threshold: int = 1000
    """`max_len_threshold` and `min_len_threshold` bound, in tokens, the length above which a good answer's reward turns
    negative; within these bounds that length is the median length of good answers."""
    max_generation_len: int = 10000
    """Answers of this many tokens or more count as truncated: no end of turn is appended."""


@dataclass(frozen=True)
class RoleAnswers:
    """The answers of one role to one problem."""

    prompt: str
    texts: tuple[str, ...]
    lengths: NDArray[np.int64]
    """(texts,): length of each text in tokens."""


@dataclass(frozen=True)
class ExecutedProblem:
    """One problem with the answers of both roles and the table of their executions."""

    table: Booleans | None
    """(codes, ground-truth tests then generated tests); None where nothing was executed."""
    ground_truth: int
    """Number of ground-truth tests, the first columns of `table`."""
    codes: RoleAnswers
    tests: RoleAnswers


@dataclass(frozen=True)
class RoleRewards:
    """One role's rewards of one problem; None where the released code computes none."""

    raw: Floats | None
    """(answers,) rewards before standardisation."""
    final: Floats | None
    """(answers,) advantages: standardised rewards, which `enable_efficient` transforms by length. None where the group
    is dropped."""


@dataclass(frozen=True)
class TrainedAnswer:
    """One answer to train on. The reward is None where the released code trains on NaN."""

    prompt: str
    response: str
    reward: float | None


@dataclass(frozen=True)
class ReleaseRewards:
    """The two training sets of the released code, problem by problem, in the order of the answers (not shuffled)."""

    rl_code_data: tuple[TrainedAnswer, ...]
    rl_case_data: tuple[TrainedAnswer, ...]
    error: str | None = None
    """The exception the released code raises; none is known for a well-formed table."""
    reason: str | None = None
    """Why some rewards are None (NaN); None where all are numbers."""


def release_rewards(problems: Sequence[ExecutedProblem], switches: ReleaseSwitches) -> ReleaseRewards:
    """The released code's rewards of these problems."""
    codes: list[TrainedAnswer] = []
    tests: list[TrainedAnswer] = []
    reason = None
    for index, problem in enumerate(problems):
        codes += _samples(problem.codes, code_rewards(problem, switches).final, switches)
        tests += _samples(problem.tests, test_rewards(problem, switches).final, switches)
        if problem.table is not None and not problem.ground_truth and reason is None:
            reason = f"problem {index} has no ground-truth tests: the released code trains its programs on NaN (R1)"
    return ReleaseRewards(tuple(codes), tuple(tests), reason=reason)


def code_rewards(problem: ExecutedProblem, switches: ReleaseSwitches) -> RoleRewards:
    """The rewards of the programs; None where nothing was executed or there are no programs; NaN without ground-truth
    tests (R1).
    """
    if problem.table is None or not problem.table.shape[0]:
        return RoleRewards(None, None)
    labels = problem.table[:, : problem.ground_truth]
    raw = labels.mean(axis=1) if labels.size else np.full(labels.shape[0], np.nan)
    return _role(raw, problem.codes.lengths, switches)


def test_rewards(problem: ExecutedProblem, switches: ReleaseSwitches) -> RoleRewards:
    """The rewards of the tests; None where nothing was executed, there are no tests, or no program is right. Without
    ground-truth tests all programs count as right (R1).
    """
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
    elif switches.post_stage:
        passed = by_wrong.any(axis=0)
        raw = np.where(valid, np.logical_not(passed), -1.0 * passed)
    else:
        raw = np.where(valid, np.logical_not(by_wrong).mean(axis=0), -by_wrong.mean(axis=0))
    return _role(raw, problem.tests.lengths, switches)


test_rewards.__test__ = False  # type: ignore[attr-defined]  # else pytest takes the function for a test


def _role(raw: Floats, lengths: NDArray[np.int64], switches: ReleaseSwitches) -> RoleRewards:
    """These rewards and their advantages. The released code tests whether the standard deviation is exactly 0; so does
    this function, and equal rewards may be divided by a deviation that is only rounding error."""
    deviation = raw.std()
    if deviation:
        final = (raw - raw.mean()) / deviation
    elif switches.enable_efficient and (raw == 1).all():
        final = raw
    else:
        return RoleRewards(raw, None)
    return RoleRewards(raw, _efficient(final, lengths, switches) if switches.enable_efficient else final)


def _efficient(rewards: Floats, lengths: NDArray[np.int64], switches: ReleaseSwitches) -> Floats | None:
    """The released code's length transformation of standardised rewards; None when no transformed reward is positive or
    none is negative (R2 to R4).
    """
    shaped = np.sign(rewards)
    good, bad = shaped > 0, shaped < 0
    if good.any() and np.ptp(lengths[good]):
        threshold = np.clip(np.median(lengths[good]), switches.min_len_threshold, switches.max_len_threshold)
        shaped[good] = threshold - lengths[good]
        shaped[bad] = np.where(good, shaped, 0.0).min()
    positive, negative = shaped > 0, shaped < 0
    if not positive.any() or not negative.any():
        return None
    shaped[positive] *= -shaped[negative].sum() / shaped[positive].sum()
    return np.asarray(shaped / shaped.std())


def _samples(answers: RoleAnswers, rewards: Floats | None, switches: ReleaseSwitches) -> list[TrainedAnswer]:
    if rewards is None:
        return []
    ends = ["" if length >= switches.max_generation_len else END_OF_TURN for length in answers.lengths]
    return [
        TrainedAnswer(answers.prompt, text + end, None if np.isnan(reward) else float(reward))
        for text, end, reward in zip(answers.texts, ends, rewards, strict=True)
    ]
