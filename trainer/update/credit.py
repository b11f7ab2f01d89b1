"""From tables to advantages: one group for each task and role. Pure: the same values in, the same values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
)
from trainer.config.schema import Reward
from trainer.rollout.answers import Answer, Answers, RoleName, Table

Outcome = Literal["trained", "no labels", "no right program", "no wrong program", "no test", "equal rewards", "too few"]
"""What became of a group; all but `trained` leave it out of the update, and are counted."""


@dataclass(frozen=True)
class Group:
    """The answers of one role to one task, with what they earned."""

    slot: int
    role: RoleName
    outcome: Outcome
    rewards: tuple[float | None, ...]
    """Per answer; None for one about which nothing can be said, or that is left out."""
    advantages: tuple[float | None, ...]
    """Per answer; None for one that is not trained on."""
    right: tuple[bool, ...] = ()
    """Code: passes every label. Tests: passes every right program."""
    precision: PrecisionCounts | None = None


def credit(answers: Answers, table: Table, rules: Reward) -> tuple[Group, Group]:
    """The groups of coder and tester."""
    known = np.array([not unknown for unknown in table.unknown], dtype=np.bool_)
    if not table.labels:
        nothing = [(role, len(answers.answers[role])) for role in _ROLES]
        code, test = (Group(table.slot, role, "no labels", (None,) * count, (None,) * count) for role, count in nothing)
        return code, test
    right = right_codes(table.label_passes)
    return (
        _code_group(answers, table, rules, known, right.tolist()),
        _test_group(answers, table, rules, known, right),
    )


_ROLES: tuple[RoleName, RoleName] = ("coder", "tester")


def _code_group(answers: Answers, table: Table, rules: Reward, known: Booleans, right: list[bool]) -> Group:
    earned = code_rewards(table.label_passes, rules.code)
    rewards: list[float | None] = [
        float(reward) if is_known and not answer.error else None
        for reward, is_known, answer in zip(earned, known, answers.answers["coder"], strict=True)
    ]
    return _grouped(table.slot, "coder", answers.answers["coder"], rewards, rules, tuple(right), None)


def _test_group(
    answers: Answers,
    table: Table,
    rules: Reward,
    known: Booleans,
    right: Booleans,
) -> Group:
    written = answers.answers["tester"]
    generated, right = table.test_passes[known], right[known]
    precision = precision_counts(generated, right)
    nothing: tuple[float | None, ...] = (None,) * len(written)
    if not right.any():
        return Group(table.slot, "tester", "no right program", nothing, nothing, precision=precision)
    if not table.read:
        return Group(table.slot, "tester", "no test", nothing, nothing, precision=precision)
    rule = TestRule(rules.test, rules.test_scale, rules.all_right, rules.validity_bonus)
    earned = test_rewards(generated, right, rule)
    valid = np.asarray(generated[right].all(axis=0))
    is_right = [False] * len(written)
    for number, one in zip(table.read, valid, strict=True):
        is_right[number] = bool(one)
    if earned is None:
        return Group(table.slot, "tester", "no wrong program", nothing, nothing, tuple(is_right), precision)
    rewards: list[float | None] = list(nothing)
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
    """The group once truncated answers are treated and advantages taken over what is left."""
    if rules.truncated == "penalise" and any(reward is not None for reward in rewards):
        lowest = min(reward for reward in rewards if reward is not None)
        rewards = [
            lowest if answer.truncated and reward is not None else reward
            for reward, answer in zip(rewards, answers, strict=True)
        ]
    kept = [number for number, reward in enumerate(rewards) if reward is not None]
    earned = np.array([rewards[number] for number in kept], dtype=np.float64)
    none: list[float | None] = [None] * len(rewards)
    if len(kept) < 2:
        return Group(slot, role, "too few", tuple(rewards), tuple(none), right, precision)
    values = _values(earned, [len(answers[number].token_ids) for number in kept], role, rules)
    if values is None:
        return Group(slot, role, "equal rewards", tuple(rewards), tuple(none), right, precision)
    given = list(none)
    for number, value in zip(kept, values, strict=True):
        if not (rules.truncated == "mask" and answers[number].truncated):
            given[number] = float(value)
    return Group(slot, role, "trained", tuple(rewards), tuple(given), right, precision)


def _values(earned: Floats, lengths: list[int], role: RoleName, rules: Reward) -> Floats | None:
    if rules.shorten and role == "tester":
        if np.ptp(earned) == 0:
            return None
        return shorten(earned, np.array(lengths, dtype=np.int64))
    return advantages(earned, rules.advantage)
