"""Rewards read from the execution table, and advantages within a group: pure, one formula a file (`docs/rewards.md`).

`release` does what the released reward.py does, faults included; everything else follows the paper as it is meant.
"""

from cure.reward.advantages import AdvantageKind, advantages
from cure.reward.codes import CodeRewardKind, code_rewards, right_codes
from cure.reward.lengths import shorten
from cure.reward.precision import PrecisionCounts, precision_counts
from cure.reward.unit_tests import TestRule, test_rewards, valid_tests
from cure.reward.values import Booleans, Floats

__all__ = [
    "AdvantageKind",
    "Booleans",
    "CodeRewardKind",
    "Floats",
    "PrecisionCounts",
    "TestRule",
    "advantages",
    "code_rewards",
    "precision_counts",
    "right_codes",
    "shorten",
    "test_rewards",
    "valid_tests",
]
