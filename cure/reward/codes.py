"""The reward of a program: how many ground-truth tests it passes."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cure.reward.values import Booleans, Floats

CodeRewardKind = Literal["fraction", "count", "all"]


def code_rewards(labels: Booleans, kind: CodeRewardKind) -> Floats:
    """Rewards of shape (codes,) out of labels of shape (codes, ground-truth tests).

    `count` is Eq. 3, the number of tests passed; `fraction` is that over the number of tests, as in the released
    reward.py; `all` is 1 for a program that passes every test and else 0, as Figure 3 prints it.
    Raises ValueError without ground-truth tests.
    """
    _require_tests(labels)
    if kind == "count":
        return np.asarray(labels.sum(axis=1, dtype=np.float64))
    if kind == "fraction":
        return np.asarray(labels.mean(axis=1, dtype=np.float64))
    return right_codes(labels).astype(np.float64)


def right_codes(labels: Booleans) -> Booleans:
    """(codes,): whether the program passes every ground-truth test; I_s of section 2 of the paper.

    Raises ValueError without ground-truth tests, where the released code calls every program right.
    """
    _require_tests(labels)
    return np.asarray(labels.all(axis=1))


def _require_tests(labels: Booleans) -> None:
    if not labels.shape[1]:
        raise ValueError("there are no ground-truth tests, so nothing says which programs are right")
