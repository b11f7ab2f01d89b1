"""Rewards computed from the execution table, and advantages within a group. Pure; one formula per file.

`release` computes what CURE's released reward.py computes, faults included; the other files follow the CURE paper
(arXiv 2506.03136), corrected where its formulas and its text disagree. `docs/rewards.md` lists the differences.
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
