"""The ranking of candidates, with the probability that each is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.runs.state import RunState


@dataclass(frozen=True, kw_only=True)
class RankedLine:
    """One candidate of the ranking."""

    place: int
    name: str
    probability: float
    scores: Sequence[tuple[str, float]]
    """Meaning and value of each part of its score, in the order in which they are compared."""
    behaviour: int | None
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class RankingView:
    """The last ranking."""

    selector: str = ""
    lines: Sequence[RankedLine] = ()
    unsolved: float | None = None
    """Probability that no candidate is right; None before the first ranking."""
    headline: str = "No ranking yet: candidates are ranked at the end of each round."
    """What the ranking says, in one sentence."""


def ranking_view(state: RunState, behaviour: Mapping[str, int]) -> RankingView:
    """The view of the last ranking; `behaviour` has the number of each candidate's behaviour."""
    ranking = state.ranking
    if ranking is None or not ranking.ranking:
        return RankingView() if ranking is None else RankingView(headline="The last round ended without a candidate.")
    chosen = state.result.candidate if state.result else None
    lines = [
        RankedLine(
            place=place,
            name=name,
            probability=ranking.probability.get(name, 0.0),
            scores=list(zip(ranking.score_names, scores, strict=False)),
            behaviour=behaviour.get(name),
            chosen=name == chosen,
        )
        for place, (name, scores) in enumerate(ranking.ranking, start=1)
    ]
    first = lines[0] if chosen is None else next((line for line in lines if line.chosen), lines[0])
    what = "is the answer" if first.chosen else "leads"
    headline = f"{first.name} {what}, right with probability {first.probability:.2f}."
    return RankingView(selector=ranking.selector, lines=lines, unsolved=ranking.unsolved, headline=headline)
