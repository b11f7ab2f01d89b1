"""The rewards of the cases of a file, by the rules of the CURE paper or of its released code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from cure.reward import release
from cure.reward.advantages import advantages
from cure.reward.case_file import RewardCase
from cure.reward.codes import code_rewards, right_codes
from cure.reward.unit_tests import test_rewards
from cure.reward.values import Floats

Preset = Literal["paper", "release"]


@dataclass(frozen=True)
class GroupRewards:
    """Rewards and advantages of one role's answers to one problem, in the order of the answers."""

    rewards: list[float | None] | None
    """Rewards before normalisation within the group; None where the role gets none for this problem. An entry is None
    where the released code computes NaN."""
    advantages: list[float | None] | None
    """Advantages; None where the group is not trained on. An entry is None where the released code trains on NaN."""
    reason: str | None = None
    """Why there are no advantages, or NaN among them; None otherwise."""


@dataclass(frozen=True)
class ProblemRewards:
    """Rewards and advantages of the programs and of the tests of one problem."""

    codes: GroupRewards
    tests: GroupRewards


def case_rewards(case: RewardCase, preset: Preset) -> dict[str, Any]:
    """`name`, `preset`, `config` and the `problems` of a case; with `release` also the released code's training sets.

    With `paper`, a program's reward is the fraction of ground-truth tests that it passes, and a test's reward is Eq. 4
    of the paper as corrected in `cure.reward.unit_tests`. Both are standardised within their group; the switches of the
    released code have no effect.
    """
    groups = _paper if preset == "paper" else _release
    result = {
        "name": case.name,
        "preset": preset,
        "config": asdict(case.switches),
        "problems": [asdict(groups(problem, case.switches)) for problem in case.problems],
    }
    return result if preset == "paper" else result | asdict(release.release_rewards(case.problems, case.switches))


def _paper(problem: release.ExecutedProblem, _: release.ReleaseSwitches) -> ProblemRewards:
    if problem.table is None:
        return _nothing("there is no table")
    labels, generated = np.split(problem.table, [problem.ground_truth], axis=1)
    try:
        right, codes = right_codes(labels), code_rewards(labels, "fraction")
    except ValueError as error:
        return _nothing(str(error))
    tests = test_rewards(generated, right)
    no_tests = GroupRewards(None, None, "no program is right")
    return ProblemRewards(_group(codes), no_tests if tests is None else _group(tests))


def _group(rewards: Floats) -> GroupRewards:
    found = advantages(rewards, "standard")
    return GroupRewards(_numbers(rewards), _numbers(found), None if found is not None else _why_none(rewards))


def _release(problem: release.ExecutedProblem, switches: release.ReleaseSwitches) -> ProblemRewards:
    if problem.table is None:
        return _nothing("there is no table")
    codes, tests = release.code_rewards(problem, switches), release.test_rewards(problem, switches)
    no_tests = "there are no tests" if not problem.tests.texts else "no program is right"
    efficient = switches.enable_efficient
    return ProblemRewards(
        _as_released(codes, efficient, "there are no programs"), _as_released(tests, efficient, no_tests)
    )


def _as_released(role: release.RoleRewards, efficient: bool, without: str) -> GroupRewards:
    if role.raw is None:
        return GroupRewards(None, None, without)
    reason = None
    if np.isnan(role.raw).any():
        reason = "NaN in the released code: there are no ground-truth tests (R1)"
    elif role.final is None:
        transformed = efficient and (np.ptp(role.raw) > 0 or (role.raw == 1).all())
        reason = (
            "after the length transformation all rewards have one sign (R3)" if transformed else _why_none(role.raw)
        )
    return GroupRewards(_numbers(role.raw), _numbers(role.final), reason)


def _why_none(rewards: Floats) -> str:
    if rewards.size < 2:
        return "one answer has nothing to be compared with" if rewards.size else "there are no answers"
    return "all rewards are equal"


def _nothing(reason: str) -> ProblemRewards:
    return ProblemRewards(GroupRewards(None, None, reason), GroupRewards(None, None, reason))


def _numbers(values: Floats | None) -> list[float | None] | None:
    if values is None:
        return None
    return [None if np.isnan(value) else float(value) for value in values]
