"""Rankings, the results of selectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranked:
    """One candidate with the score that determines its place."""

    candidate: str
    score: tuple[float, ...]
    """Compared from left to right; the larger score ranks first."""


@dataclass(frozen=True)
class Ranking:
    """Candidates from best to worst; equal scores keep the table's order."""

    selector: str
    score_names: tuple[str, ...]
    """Meaning of each place of a score."""
    ranked: tuple[Ranked, ...]

    @property
    def best(self) -> str | None:
        """Name of the first candidate; None when there is none."""
        return self.ranked[0].candidate if self.ranked else None


def sort_by_score(selector: str, score_names: tuple[str, ...], scores: Mapping[str, tuple[float, ...]]) -> Ranking:
    """Ranking of the candidates by score, ties in the order given."""
    ordered = sorted(scores.items(), key=lambda item: item[1], reverse=True)
    return Ranking(selector, score_names, tuple(Ranked(name, score) for name, score in ordered))
