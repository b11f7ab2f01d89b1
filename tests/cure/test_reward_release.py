"""The released code's rewards with its faults (R1 to R8 of `docs/rewards.md`), some beside our corrected rewards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cure import reward
from cure.reward.case_file import load_cases
from cure.reward.presets import case_rewards
from cure.reward.release import ExecutedProblem, ReleaseRewards, ReleaseSwitches, RoleAnswers, release_rewards

EFFICIENT = ReleaseSwitches(enable_efficient=True)


def problem(
    rows: list[str], ground_truth: int, code_lengths: list[int] | None = None, test_lengths: list[int] | None = None
) -> ExecutedProblem:
    """An executed problem: a text of 0 and 1 for each program, ground-truth tests first in each text."""
    table = np.array([[cell == "1" for cell in row] for row in rows], dtype=bool)
    return ExecutedProblem(
        table,
        ground_truth,
        _answers("code", code_lengths or list(range(1500, 1500 + table.shape[0]))),
        _answers("test", test_lengths or list(range(1500, 1500 + table.shape[1] - ground_truth))),
    )


def _answers(role: str, lengths: list[int]) -> RoleAnswers:
    texts = tuple(f"{role} {index}" for index in range(len(lengths)))
    return RoleAnswers(f"{role} prompt", texts, np.array(lengths, dtype=np.int64))


def of_codes(found: ReleaseRewards) -> Any:
    return pytest.approx([sample.reward for sample in found.rl_code_data], abs=1e-12)


def of_tests(found: ReleaseRewards) -> Any:
    return pytest.approx([sample.reward for sample in found.rl_case_data], abs=1e-12)


def test_release_rewards_equal_the_golden_file(shared_data: Path) -> None:
    path = shared_data / "cure-golden" / "reward.json"
    golden = json.loads(path.read_text())["cases"]
    assert len(golden) == 72
    for case, stored in zip(load_cases(str(path)), golden, strict=True):
        found = case_rewards(case, "release")
        assert found["name"] == stored["name"]
        assert found["error"] == stored["expected"]["error"]
        for name in ("rl_code_data", "rl_case_data"):
            expected = stored["expected"][name]
            assert [(row["prompt"], row["response"]) for row in found[name]] == (
                [(row["prompt"], row["response"]) for row in expected]
            )
            assert [row["reward"] for row in found[name]] == (
                pytest.approx([row["reward"] for row in expected], abs=1e-12, rel=0)
            )


def test_shares_are_standardised() -> None:
    """The programs pass 1, 1/2 and 0 of the ground truth, so one is right and two are wrong.

    The first test is valid and fails one wrong program; the second is invalid and lets one through.
    """
    found = release_rewards([problem(["1110", "1001", "0010"], 2)], ReleaseSwitches())
    root = 1.5**0.5
    assert of_codes(found) == [root, 0, -root]
    assert of_tests(found) == [1, -1]
    assert found.error is None


def test_a_test_is_judged_by_the_share_of_wrong_codes_and_in_the_post_stage_by_any_of_them() -> None:
    """One right code, three wrong. The tests are valid and kill 3 and 2, or invalid and let 1 and 0 through."""
    table = problem(["11100", "00010", "00100", "00000"], 1)
    raw = np.array([1, 2 / 3, -1 / 3, 0])
    assert of_tests(release_rewards([table], ReleaseSwitches())) == ((raw - raw.mean()) / raw.std()).tolist()
    late = np.array([1, 0, -1, 0])
    assert (
        of_tests(release_rewards([table], ReleaseSwitches(post_stage=True)))
        == ((late - late.mean()) / late.std()).tolist()
    )


def test_validity_is_the_reward_when_no_code_is_wrong() -> None:
    found = release_rewards([problem(["110", "110"], 1)], ReleaseSwitches())
    assert found.rl_code_data == ()
    assert of_tests(found) == [1, -1]


def test_truncated_answers_get_no_end_of_turn() -> None:
    found = release_rewards([problem(["11", "00"], 1, [10_000, 9_999], [5])], ReleaseSwitches())
    assert [sample.response for sample in found.rl_code_data] == ["code 0", "code 1<|im_end|>"]


def test_a_problem_that_was_not_executed_is_left_out() -> None:
    nothing = ExecutedProblem(None, 1, _answers("code", [1]), _answers("test", [1]))
    assert release_rewards([nothing], ReleaseSwitches()) == ReleaseRewards((), ())


def test_lengths_count_above_and_below_the_threshold_when_it_is_told_to_be_efficient() -> None:
    """Right codes of 1100, 1300 and 2000 tokens get 1300 minus their tokens: 200, 0, -700; the wrong one gets -700.

    Positive numbers are then multiplied by 7.
    """
    found = release_rewards([problem(["1", "1", "1", "0"], 1, [1100, 1300, 2000, 50])], EFFICIENT)
    assert of_codes(found) == (np.array([1400, 0, -700, -700]) / np.std([1400, 0, -700, -700])).tolist()


def test_codes_that_are_all_right_are_dropped_or_told_to_be_short() -> None:
    table = problem(["1", "1"], 1, [1100, 1300])
    assert release_rewards([table], ReleaseSwitches()).rl_code_data == ()
    assert of_codes(release_rewards([table], EFFICIENT)) == [1, -1]


def test_no_ground_truth() -> None:
    """R1: NaN for the programs, which is None with a reason here; every program counts as right."""
    table = problem(["10", "10"], 0)
    found = release_rewards([table], ReleaseSwitches())
    assert [sample.reward for sample in found.rl_code_data] == [None, None]
    assert of_tests(found) == [1, -1]
    assert found.reason is not None and "problem 0 has no ground-truth tests" in found.reason
    assert release_rewards([table], EFFICIENT).rl_code_data == ()


def test_being_efficient_takes_codes_above_the_mean_for_right_ones() -> None:
    """R2: no code is right, yet half are rewarded strongly for being short. Our code rewards ignore lengths."""
    table = problem(["11111110"] * 8 + ["11111100"] * 8, 8, [*range(2000, 2800, 100)] + [2000] * 8)
    found = release_rewards([table], EFFICIENT)
    assert max(sample.reward or 0 for sample in found.rl_code_data) > 2
    assert table.table is not None
    assert not reward.right_codes(table.table).any()
    ours = reward.advantages(reward.code_rewards(table.table, "fraction"), "standard")
    assert ours is not None and ours.tolist() == pytest.approx([1] * 8 + [-1] * 8)
    assert reward.advantages(reward.code_rewards(table.table, "all"), "standard") is None


def test_being_efficient_drops_groups_of_short_answers() -> None:
    """R3. `cure.reward.shorten` keeps such groups, as tests/cure/test_reward_lengths.py shows."""
    table = problem(["1"] * 8 + ["0"] * 8, 1, [*range(100, 900, 100)] * 2)
    assert release_rewards([table], EFFICIENT).rl_code_data == ()


def test_equal_fractions_may_be_trained_on() -> None:
    """The deviation of fifteen times 1/3 is a rounding error, by which the release divides."""
    found = release_rewards([problem(["100"] * 15, 3)], ReleaseSwitches())
    assert len({sample.reward for sample in found.rl_code_data}) == 1
    assert abs(found.rl_code_data[0].reward or 0) == pytest.approx(1)
