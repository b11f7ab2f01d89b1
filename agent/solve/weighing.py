"""Scores that a move gives candidates, and the ranking by them."""

from __future__ import annotations

from collections.abc import Mapping

from agent.runs.events import Weighed
from agent.solve.solving import AnySolving
from cure.select import Ranking
from cure.select.ranking import sort_by_score
from cure.table import AnyTable


def weigh(solving: AnySolving, round_: int, by: str, scores: Mapping[str, float]) -> None:
    """Record the scores that a move of this round gave candidates; `by` says what they are."""
    solving.recorder.emit(Weighed(round=round_, by=by, scores={name: float(score) for name, score in scores.items()}))


def rank(solving: AnySolving, table: AnyTable) -> Ranking:
    """The ranking by the last scores that a move gave, then by the selector; by the selector alone where none did."""
    return by_weight(solving.select(table), solving.recorder.state.weighed)


def by_weight(base: Ranking, weighed: Weighed | None) -> Ranking:
    """The ranking by scores that a move gave, then by those of `base`, a selector's; `base` where no move gave any."""
    if weighed is None:
        return base
    least = min(weighed.scores.values(), default=0.0) - 1.0
    scores = {each.candidate: (weighed.scores.get(each.candidate, least), *each.score) for each in base.ranked}
    return sort_by_score(weighed.by, (weighed.by, *base.score_names), scores)
