"""Rewards and advantages of a step's answers, computed from execution tables: a group for each task and role. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cure.reward import (
    Booleans,
    Floats,
    PrecisionCounts,
    TestRule,
    advantages,
    code_rewards,
    precision_counts,
    right_codes,
    shorten,
    test_rewards,
    valid_tests,
)
from trainer.config.schema import Reward
from trainer.rollout.answers import Answer, RoleName, TaskAnswers, TaskTable

Outcome = Literal["trained", "no labels", "no right program", "no wrong program", "no test", "equal rewards", "too few"]
"""Whether a group is trained on (`trained`), or why it is left out of the update; the reasons are counted.

`no labels`: no test says which programs are right; `no test`: no answer of the tester contains a test; `too few`: fewer
than two answers have a reward.
"""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rewards and advantages of one role's answers to one task."""

    slot: int
    role: RoleName
    outcome: Outcome
    rewards: tuple[float | None, ...]
    """(answers) None where the answer has no reward: the sandbox or the engine failed on it, the tester's answer has no
    test (unless `reward.unparsed` is `lowest`), or the task's table gives no ground for rewards.
    """
    advantages: tuple[float | None, ...]
    """(answers) None where the answer is not trained on."""
    right: tuple[bool, ...] = ()
    """(answers) a program is right if it passes every label, a test if every right program passes it."""
    precision: PrecisionCounts | None = None
    """Counts behind p_u, p_01, p_00 and mu; only for tests."""


def credit(answers: TaskAnswers, table: TaskTable, rules: Reward) -> tuple[Group, Group]:
    """The groups of coder and tester, as `rules` reward them."""
    known = np.array([not unknown for unknown in table.unknown], dtype=np.bool_)
    if not table.labels:
        code, test = (_left_out(table.slot, role, "no labels", len(answers.answers[role])) for role in _ROLES)
        return code, test
    right = right_codes(table.label_passes)
    return (_code_group(answers, table, rules, known, right.tolist()), _test_group(answers, table, rules, known, right))


_ROLES: tuple[RoleName, RoleName] = ("coder", "tester")


def _left_out(
    slot: int, role: RoleName, outcome: Outcome, count: int, precision: PrecisionCounts | None = None
) -> Group:
    """A group of `count` answers without rewards."""
    nothing = (None,) * count
    return Group(slot=slot, role=role, outcome=outcome, rewards=nothing, advantages=nothing, precision=precision)


def _code_group(answers: TaskAnswers, table: TaskTable, rules: Reward, known: Booleans, right: list[bool]) -> Group:
    earned = code_rewards(table.label_passes, rules.code)
    rewards: list[float | None] = [
        float(reward) if is_known and not answer.error else None
        for reward, is_known, answer in zip(earned, known, answers.answers["coder"], strict=True)
    ]
    return _grouped(table.slot, "coder", answers.answers["coder"], rewards, rules, tuple(right), None)


def _test_group(answers: TaskAnswers, table: TaskTable, rules: Reward, known: Booleans, right: Booleans) -> Group:
    """The tester's group; `known` and `right` are (programs,)."""
    written = answers.answers["tester"]
    generated, right = table.test_passes[known], right[known]  # (known programs, tests read), (known programs,)
    precision = precision_counts(generated, right)
    if not right.any():
        return _left_out(table.slot, "tester", "no right program", len(written), precision)
    if not table.read:
        return _left_out(table.slot, "tester", "no test", len(written), precision)
    rule = TestRule(rules.test, rules.test_scale, rules.all_right, rules.validity_bonus)
    earned = test_rewards(generated, right, rule)  # (tests read,)
    is_right = [False] * len(written)
    for number, is_valid in zip(table.read, valid_tests(generated, right).tolist(), strict=True):
        is_right[number] = is_valid
    if earned is None:
        group = _left_out(table.slot, "tester", "no wrong program", len(written), precision)
        return replace(group, right=tuple(is_right))
    rewards: list[float | None] = [None] * len(written)
    for number, reward in zip(table.read, earned, strict=True):
        rewards[number] = float(reward)
    if rules.unparsed == "lowest":
        lowest = float(earned.min())
        rewards = [
            lowest if reward is None and not answer.error else reward
            for reward, answer in zip(rewards, written, strict=True)
        ]
    return _grouped(table.slot, "tester", written, rewards, rules, tuple(is_right), precision)


def _grouped(
    slot: int,
    role: RoleName,
    answers: Sequence[Answer],
    rewards: list[float | None],
    rules: Reward,
    right: tuple[bool, ...],
    precision: PrecisionCounts | None,
) -> Group:
    """The group with its advantages; truncated answers are treated as `rules.truncated` says."""
    if rules.truncated == "penalise" and any(reward is not None for reward in rewards):
        lowest = min(reward for reward in rewards if reward is not None)
        rewards = [
            lowest if answer.truncated and reward is not None else reward
            for reward, answer in zip(rewards, answers, strict=True)
        ]
    kept = [number for number, reward in enumerate(rewards) if reward is not None]
    given: list[float | None] = [None] * len(rewards)
    outcome: Outcome = "too few"
    if len(kept) >= 2:
        earned = np.array([rewards[number] for number in kept], dtype=np.float64)  # (kept,)
        values = _values(earned, [len(answers[number].token_ids) for number in kept], role, rules)
        outcome = "equal rewards" if values is None else "trained"
        for number, value in zip(kept, () if values is None else values, strict=False):
            if not (rules.truncated == "mask" and answers[number].truncated):
                given[number] = float(value)
    return Group(
        slot=slot,
        role=role,
        outcome=outcome,
        rewards=tuple(rewards),
        advantages=tuple(given),
        right=right,
        precision=precision,
    )


def _values(earned: Floats, lengths: list[int], role: RoleName, rules: Reward) -> Floats | None:
    """Advantages (answers,) of rewards (answers,); None for equal rewards."""
    if rules.shorten and role == "tester":
        if np.ptp(earned) == 0:
            return None
        return shorten(earned, np.array(lengths, dtype=np.int64))
    return advantages(earned, rules.advantage)
