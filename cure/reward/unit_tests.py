"""The reward of a generated test: how well it tells right programs from wrong ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cure.reward.values import Booleans, Floats


@dataclass(frozen=True)
class TestRule:
    """How the reward of a test is computed."""

    __test__: ClassVar = False  # else pytest takes the class for tests

    kind: Literal["cure", "validity"] = "cure"
    """cure: Eq. 4 as it is meant. validity: 1 if all right programs pass, else 0 (p_u only, the naive reward)."""
    scale: Literal["count", "mean"] = "count"
    """count: Eq. 4. mean: Eq. 4 over the number of wrong programs, as in the released reward.py."""
    on_all_right: Literal["validity", "skip"] = "validity"
    """With no wrong program Eq. 4 is 0 for all. validity: 1 if valid, else -1, as in reward.py. skip: None."""
    validity_bonus: float = 0.0
    """Added to a valid test's reward in Eq. 4, where a valid test that kills nothing equals a harmless invalid one."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.validity_bonus) and self.validity_bonus >= 0):
            raise ValueError(f"validity_bonus is {self.validity_bonus}, expected a number of at least 0")


def test_rewards(generated: Booleans, right: Booleans, rule: TestRule = TestRule()) -> Floats | None:
    """Rewards of shape (tests,), or None where there is no information about tests.

    `generated` is (codes, parsed tests), `right` is (codes,). A test is valid if all right programs pass it. By Eq. 4
    as Figure 3 and reward.py have it (its product runs over right programs, not over all), a valid test earns the
    number of wrong programs that fail it, an invalid one loses the number of wrong programs that pass it.

    None when no program is right, and with `on_all_right="skip"` when none is wrong.
    """
    wrong = np.logical_not(right)
    if not right.any() or (rule.on_all_right == "skip" and not wrong.any()):
        return None
    valid = valid_tests(generated, right)
    if rule.kind == "validity":
        return valid.astype(np.float64)
    if not wrong.any():
        return np.where(valid, 1.0, -1.0)
    passes = generated[wrong].sum(axis=0, dtype=np.float64)
    rewards = np.where(valid, wrong.sum(), 0.0) - passes
    if rule.scale == "mean":
        rewards = rewards / wrong.sum()
    return np.asarray(rewards + np.where(valid, rule.validity_bonus, 0.0))


test_rewards.__test__ = False  # type: ignore[attr-defined]  # else pytest takes the function for a test


def valid_tests(generated: Booleans, right: Booleans) -> Booleans:
    """(tests,): whether every right program passes the test; all tests where no program is right."""
    return np.asarray(generated[right].all(axis=0))
