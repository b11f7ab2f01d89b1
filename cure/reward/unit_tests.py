"""The reward of a generated test: how well it separates right programs from wrong ones.

Eq. 4 is that of CURE, arXiv 2506.03136.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cure.reward.values import Booleans, Floats


@dataclass(frozen=True)
class TestRule:
    """How the reward of a test is computed."""

    __test__: ClassVar = False  # pytest would collect the class as tests

    kind: Literal["cure", "validity"] = "cure"
    """cure: Eq. 4, corrected (see `test_rewards`). validity: 1 if all right programs pass, else 0 (the paper's p_u
    alone, the naive reward)."""
    scale: Literal["count", "mean"] = "count"
    """count: Eq. 4. mean: Eq. 4 divided by the number of wrong programs, as in the released reward.py."""
    on_all_right: Literal["validity", "skip"] = "validity"
    """Without wrong programs Eq. 4 is 0 for all tests. validity: 1 if valid, else -1, as in reward.py. skip: no
    rewards."""
    validity_bonus: float = 0.0
    """Added to a valid test's reward by Eq. 4, if there are wrong programs. By Eq. 4 a valid test that fails no wrong
    program and an invalid test that passes none both get 0."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.validity_bonus) and self.validity_bonus >= 0):
            raise ValueError(f"validity_bonus is {self.validity_bonus}, expected a number of at least 0")


def test_rewards(generated: Booleans, right: Booleans, rule: TestRule = TestRule()) -> Floats | None:
    """Rewards (tests,); None where the table does not tell good tests from bad ones.

    `generated` is (programs, parsed tests): whether each program passes each test; `right` is (programs,). A test is
    valid if all right programs pass it. By Eq. 4 as in Figure 3 and reward.py (with the product over right programs
    only), a valid test earns the number of wrong programs that fail it, an invalid one loses the number of wrong
    programs that pass it.

    None where no program is right, and with `on_all_right="skip"` also where none is wrong.
    """
    wrong = np.logical_not(right)
    if not right.any() or (rule.on_all_right == "skip" and not wrong.any()):
        return None
    valid = valid_tests(generated, right)
    if rule.kind == "validity":
        return valid.astype(np.float64)
    if not wrong.any():
        return np.where(valid, 1.0, -1.0)
    passes = generated[wrong].sum(axis=0, dtype=np.float64)  # (tests,)
    rewards = np.where(valid, wrong.sum(), 0.0) - passes
    if rule.scale == "mean":
        rewards = rewards / wrong.sum()
    return np.asarray(rewards + np.where(valid, rule.validity_bonus, 0.0))


test_rewards.__test__ = False  # type: ignore[attr-defined]  # pytest would collect the function as a test


def valid_tests(generated: Booleans, right: Booleans) -> Booleans:
    """Whether every right program passes each test (tests,); True for all where no program is right."""
    return np.asarray(generated[right].all(axis=0))
