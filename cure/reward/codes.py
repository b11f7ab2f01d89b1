"""The reward of a program: how many of the ground-truth tests it passes.

Equations, sections and figures are those of CURE, arXiv 2506.03136.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from cure.reward.values import Booleans, Floats

CodeRewardKind = Literal["fraction", "count", "all"]


def code_rewards(labels: Booleans, kind: CodeRewardKind) -> Floats:
    """Rewards (codes,) from labels (codes, ground-truth tests): whether each program passes each test.

    `count` is Eq. 3, the number of tests passed; `fraction` is that number divided by the number of tests, as in the
    released reward.py; `all` is 1 for a program that passes every test and 0 for others, as printed in Figure 3.
    Raises ValueError where there are no ground-truth tests.
    """
    _require_tests(labels)
    if kind == "count":
        return np.asarray(labels.sum(axis=1, dtype=np.float64))
    if kind == "fraction":
        return np.asarray(labels.mean(axis=1, dtype=np.float64))
    return right_codes(labels).astype(np.float64)


def right_codes(labels: Booleans) -> Booleans:
    """Whether each program passes every ground-truth test (codes,), from labels (codes, ground-truth tests).

    This is I_s in section 2 of the paper. Raises ValueError where there are no ground-truth tests; the released code
    calls every program right then.
    """
    _require_tests(labels)
    return np.asarray(labels.all(axis=1))


def _require_tests(labels: Booleans) -> None:
    if not labels.shape[1]:
        raise ValueError("there are no ground-truth tests, so nothing says which programs are right")
