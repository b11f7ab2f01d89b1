"""Which tests of a frozen tester serve as labels, where there is no ground truth (label-free training)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cure.reward import Booleans
from cure.table import Cell
from cure.table.compare import normalise
from sandbox import Verdict


def chosen_labels(passes: Booleans, cells: Sequence[Sequence[Cell | None]], agreement: float) -> list[int]:
    """The columns of `passes` (programs, tests) by which programs are judged.

    `cells` has the same rows and columns; None for a missing program. A test counts if at least the share `agreement`
    of the programs that print its input's commonest output pass it. Their outputs are equal, so they pass or fail
    together: any agreement above 0 requires the test to expect that output. Tests that all programs pass, or none, do
    not tell programs apart; they are left out where others remain.
    """
    agreed = [
        column
        for column in range(passes.shape[1])
        if agreement <= 0 or _majority_passes([row[column] for row in cells], passes[:, column].tolist(), agreement)
    ]
    distinguishing = [column for column in agreed if 0 < passes[:, column].sum() < passes.shape[0]]
    return distinguishing or agreed


def _majority_passes(cells: Sequence[Cell | None], passed: Sequence[bool], agreement: float) -> bool:
    printed = [normalise(cell.stdout) if cell is not None and cell.verdict is Verdict.OK else None for cell in cells]
    counts = Counter(text for text in printed if text is not None)
    if not counts:
        return False
    common, _ = counts.most_common(1)[0]
    votes = [passes for text, passes in zip(printed, passed, strict=True) if text == common]
    return sum(votes) >= agreement * len(votes)
