"""Rewards and advantages of whole groups: what is trained on, what is left out, and the reason given for that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cure.problem import UnitTest
from trainer.config.schema import Reward
from trainer.rollout.answers import Answer, TaskAnswers, TaskTable
from trainer.update.credit import credit

# Figure 3 of the CURE paper (arXiv 2506.03136): six programs, six generated tests, three ground-truth tests.
GENERATED = [
    [1, 1, 1, 1, 1, 0],
    [1, 1, 1, 1, 0, 0],
    [1, 1, 1, 0, 0, 0],
    [0, 1, 1, 0, 0, 0],
    [0, 0, 1, 0, 0, 1],
    [0] * 6,
]
LABELS = [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]


def case(
    labels: list[list[int]],
    generated: list[list[int]],
    *,
    unparsed: int = 0,
    unknown: tuple[int, ...] = (),
    truncated: tuple[int, ...] = (),
    errors: tuple[int, ...] = (),
) -> tuple[TaskAnswers, TaskTable]:
    """A task whose programs pass labels and generated tests as in the two matrices (programs, tests).

    `unparsed` more answers of the tester, which precede the others, hold no test. `unknown`, `truncated` and `errors`
    have the numbers of the programs on which the sandbox failed, that were cut off, and on which the engine failed.
    """
    programs, columns = len(labels), len(generated[0]) if generated else 0
    coder = tuple(
        Answer(
            f"program {i}", "length" if i in truncated else "stop", (1, 2), (-0.1, -0.2), error="gone" * (i in errors)
        )
        for i in range(programs)
    )
    tester = tuple(
        Answer(f"test {i}", "stop", tuple(range(i + 1)), (0.0,) * (i + 1)) for i in range(columns + unparsed)
    )
    answers = TaskAnswers(3, 7, {"coder": (9,), "tester": (8,)}, {"coder": coder, "tester": tester})
    tests = [UnitTest(f"{i}\n", "1\n") for i in range(columns)]
    table = TaskTable(
        slot=3,
        programs=tuple(f"print({i})" for i in range(programs)),
        tests=(*([None] * unparsed), *tests),
        labels=tuple(UnitTest(f"l{i}\n", "1\n", "hidden") for i in range(len(labels[0]))),
        label_passes=np.array(labels, dtype=bool).reshape(programs, len(labels[0])),
        test_passes=np.array(generated, dtype=bool).reshape(programs, columns),
        unknown=tuple(i in unknown for i in range(programs)),
    )
    return answers, table


def test_figure_3() -> None:
    code, test = credit(*case(LABELS, GENERATED), Reward())
    assert test.rewards == (3, 2, 1, 0, 0, -1)
    assert code.rewards == pytest.approx((1, 1, 1, 2 / 3, 1 / 3, 0))
    assert test.right == (True, True, True, False, False, False)
    for group in (code, test):
        given = np.array(group.advantages, dtype=float)
        assert group.outcome == "trained"
        assert given.mean() == pytest.approx(0) and given.std() == pytest.approx(1)


def test_an_answer_without_a_test_gets_the_lowest_reward_or_is_left_out() -> None:
    answers, table = case(LABELS, GENERATED, unparsed=2)
    _, lowest = credit(answers, table, Reward())
    assert lowest.rewards == (-1, -1, 3, 2, 1, 0, 0, -1)
    _, dropped = credit(answers, table, Reward(unparsed="drop"))
    assert dropped.rewards == (None, None, 3, 2, 1, 0, 0, -1)
    assert dropped.advantages[:2] == (None, None)


@pytest.mark.parametrize(
    ("labels", "generated", "outcomes"),
    [
        ([[0], [0]], [[1], [0]], ("equal rewards", "no right program")),
        ([[1], [1]], [[1, 0], [1, 1]], ("equal rewards", "trained")),
        ([[1], [1]], [[1, 1], [1, 1]], ("equal rewards", "equal rewards")),
        ([[1], [0]], [[], []], ("trained", "no test")),
        ([[1], [0]], [[1], [0]], ("trained", "too few")),
        ([[1]], [[1, 0]], ("too few", "trained")),
    ],
)
def test_groups_that_teach_nothing_say_why(
    labels: list[list[int]], generated: list[list[int]], outcomes: tuple[str, str]
) -> None:
    code, test = credit(*case(labels, generated), Reward())
    assert (code.outcome, test.outcome) == outcomes
    for group in (code, test):
        assert (group.outcome == "trained") == any(value is not None for value in group.advantages)


def test_without_labels_nothing_is_said() -> None:
    answers, table = case([[1], [0]], [[1, 0], [0, 0]])
    bare = replace(table, labels=(), label_passes=np.zeros((2, 0), bool))
    code, test = credit(answers, bare, Reward())
    assert code.outcome == test.outcome == "no labels"
    assert set(code.rewards) == set(test.advantages) == {None}


def test_all_right_skipped_when_asked() -> None:
    _, test = credit(*case([[1], [1]], [[1, 0], [1, 1]]), Reward(all_right="skip"))
    assert test.outcome == "no wrong program"


def test_what_the_sandbox_got_wrong_is_neither_reward_nor_evidence() -> None:
    # Program 0 looks wrong only because the sandbox failed; counted as wrong, it would raise the reward of both tests.
    labels, generated = [[0], [1], [0]], [[0, 0], [1, 1], [0, 1]]
    code, test = credit(*case(labels, generated, unknown=(0,)), Reward())
    assert code.rewards == (None, 1, 0)
    assert test.rewards == (1, 0)


def test_a_failed_request_is_left_out() -> None:
    code, _ = credit(*case(LABELS, GENERATED, errors=(0,)), Reward())
    assert code.rewards[0] is None and code.advantages[0] is None and code.outcome == "trained"


def test_truncated_answers() -> None:
    trained, masked, penalised = (
        credit(*case(LABELS, GENERATED, truncated=(0,)), Reward(truncated=how))[0]
        for how in ("train", "mask", "penalise")
    )
    assert trained.rewards[0] == 1 and trained.advantages[0] is not None
    # Masked: its reward still counts in the group's mean, but it is not trained on.
    assert masked.rewards == trained.rewards and masked.advantages[0] is None
    assert masked.advantages[1:] == trained.advantages[1:]
    assert penalised.rewards[0] == 0


def test_shortening_favours_short_good_tests_and_leaves_code_alone() -> None:
    answers, table = case(LABELS, GENERATED)
    code, test = credit(answers, table, Reward(shorten=True))
    plain, _ = credit(answers, table, Reward())
    assert code.advantages == plain.advantages
    # Tests are 1, 2, 3, ... tokens long, the good ones first.
    good = [value for value in test.advantages[:3] if value is not None]
    assert good == sorted(good, reverse=True)


def test_the_naive_reward_is_validity() -> None:
    _, test = credit(*case(LABELS, GENERATED), Reward(test="validity"))
    assert test.rewards == (1, 1, 1, 0, 0, 0)
