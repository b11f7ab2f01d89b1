"""Tables that show a comparison of strategies."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from agent.compare.figures import Figures, Gain, Share
from evaluator.terminal import table


def compared_tables(figures: Sequence[Figures], problems: int) -> list[Table]:
    """Tables of how often each strategy is right, and of what it costs."""
    of = f"{figures[0].right.of} of {problems} problems, those with an outcome of every strategy"
    first = figures[0].strategy
    right = table(
        f"right answers on {of}",
        ("strategy", "right", "95 %", f"against {first}", "95 %", "p", f"only this : only {first}"),
        [[each.strategy, _count(each.right), _interval(each.right), *_gain(each.gain)] for each in figures],
        "p: McNemar's exact test",
    )
    sure = table(
        "how sure, and at what cost",
        ("strategy", "verified", "of these right", "no answer", "tokens", "seconds"),
        [
            [
                each.strategy,
                _count(each.verified),
                f"{_count(each.right_if_verified)} {_interval(each.right_if_verified)}",
                each.answered.of - each.answered.count,
                f"{each.tokens:,.0f}",
                f"{each.seconds:.1f}",
            ]
            for each in figures
        ],
        "tokens and seconds: means per problem, as if each strategy had asked for all of its samples itself",
    )
    equal = table(
        "right answers at equal tokens",
        ("strategy", "right", "95 %", f"against {first}", "95 %", "p", f"only this : only {first}"),
        [
            [
                each.strategy,
                _count(each.right_at_equal_tokens),
                _interval(each.right_at_equal_tokens),
                *_gain(each.gain_at_equal_tokens),
            ]
            for each in figures
        ],
        "on each problem, every strategy is cut at the tokens of the one that spent least on it",
    )
    return [right, sure, equal] if len(figures) > 1 else [right, sure]


def _count(share: Share) -> str:
    return "–" if share.value is None else f"{share.count} of {share.of} ({share.value:.1%})"


def _interval(share: Share) -> str:
    return "" if share.interval is None else f"{share.interval[0]:.1%} … {share.interval[1]:.1%}"


def _gain(gain: Gain | None) -> list[str]:
    if gain is None:
        return ["", "", "", ""]
    interval = "" if gain.low is None or gain.high is None else f"{gain.low:+.1%} … {gain.high:+.1%}"
    return [f"{gain.value:+.1%}", interval, f"{gain.p:.3f}", f"{gain.only_here} : {gain.only_first}"]
