"""How many more samples are worth their price: an estimate of what further programs and tests gain.

A further program can only help if the answer in hand is wrong, which has probability 1 - p; a further test only if the
right program is there and not chosen, which has the probability of all other behaviours together, 1 - p - u, where u is
the probability that no program is right. Without an answer that may be handed over p is 0, and tests gain nothing: no
test makes a program right.

How often a sample helps is unknown and differs between problems: most models solve a problem nearly always or nearly
never. The rate therefore has a Beta(a, b) prior with a < 1, and none of the n samples so far has helped, or it would be
the answer. So sample n + 1 helps with probability a / (a + b + n), the rule of succession, and each further one less:

    gain of program n + 1 = (1 - p) a / (a + b + n)        gain of test m + 1 = (1 - p - u) a / (a + b + m)

Samples are drawn while their gain is at least the price. Adaptive-Consistency (arXiv 2305.11860) stops by a Beta
posterior in the same way once the majority is stable; here the probabilities are those of the whole execution table.
What the rule saves and loses on tables of real models is printed by `benchmarks/early_stopping.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Beta prior (a, b) of the rate at which samples of a problem help; its mean is a / (a + b)."""

    a: float = 0.2
    b: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Numbers of samples of both roles; answers from which no program or test was extracted count too."""

    programs: int
    tests: int

    def __bool__(self) -> bool:
        return self.programs > 0 or self.tests > 0

    def minus(self, other: Drawn) -> Drawn:
        """The numbers less those of `other`, each at least 0."""
        return Drawn(programs=max(0, self.programs - other.programs), tests=max(0, self.tests - other.tests))

    def plus(self, other: Drawn) -> Drawn:
        """The numbers plus those of `other`."""
        return Drawn(programs=self.programs + other.programs, tests=self.tests + other.tests)

    def at_least(self, other: Drawn) -> Drawn:
        """For each role the larger of the two numbers, its own and that of `other`."""
        return Drawn(programs=max(self.programs, other.programs), tests=max(self.tests, other.tests))


NOTHING = Drawn(programs=0, tests=0)


def worth(answer: float | None, unsolved: float, drawn: Drawn, most: Drawn, price: float, rate: Rate = Rate()) -> Drawn:
    """Numbers of further samples worth their price, at most `most`; `drawn` are the samples so far.

    `answer` is the probability in 0..1 that the answer is right, None without an answer; `unsolved` the probability
    that no candidate is right; `price` the least gain of a sample, as a probability. With a price of 0 the result is
    `most`.
    """
    right = answer or 0.0
    others = 0.0 if answer is None else max(0.0, 1.0 - right - unsolved)
    return Drawn(
        programs=_count(1.0 - right, drawn.programs, most.programs, price, rate),
        tests=_count(others, drawn.tests, most.tests, price, rate),
    )


def gain(chance: float, drawn: int, rate: Rate = Rate()) -> float:
    """The expected gain of the sample after `drawn` ones; `chance` is the probability that a sample can help at all."""
    return chance * rate.a / (rate.a + rate.b + drawn)


def _count(chance: float, drawn: int, most: int, price: float, rate: Rate) -> int:
    """Number of samples in a row whose gain is at least the price, at most `most`."""
    if price <= 0:
        return max(0, most)
    worth_it = floor(chance * rate.a / price - rate.a - rate.b - drawn) + 1
    return max(0, min(worth_it, most))
