"""Which of the missing samples may be requested now, so that a budget is exceeded by one sample at most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from agent.runs.events import Asked
from agent.solve.spending import Spent
from cure.asking import Part, missing_parts
from cure.price import Price
from engines import Request, prompt_text

Affords = Callable[[Spent], bool]
"""Whether what is left of the budget suffices for this cost."""

TEMPLATE_TOKENS = 64
"""Tokens that a chat template may add to a prompt."""


@dataclass(frozen=True)
class Wanted:
    """A request, and the most that each of its samples can cost."""

    asked: Asked
    request: Request
    most: Spent


@dataclass
class Queue:
    """The samples that are still to be requested, and what those under way may cost; `take` and `arrived` change it."""

    waiting: list[tuple[Wanted, list[int]]]
    """Requests, each with the indices of its samples that are not requested yet."""
    under_way: dict[tuple[str, int], Spent] = field(default_factory=dict)
    """By key of the request and index of the sample: the most it can cost."""

    def take(self, affords: Affords) -> list[tuple[Asked, Part]]:
        """The samples to request now, as parts of their requests; from then on they are under way.

        Samples are taken from all requests evenly, while the budget affords the most that all samples under way can
        cost. Where none is under way one is taken in any case: most answers are much shorter than they may be.
        """
        taken: dict[str, list[int]] = {}
        reserved = total(self.under_way.values())
        while left := [entry for entry in self.waiting if entry[1]]:
            wanted, missing = max(left, key=lambda entry: len(entry[1]) / entry[0].request.n)
            if self.under_way and not affords(total([reserved, wanted.most])):
                break
            key, index = wanted.asked.key, missing.pop(0)
            taken.setdefault(key, []).append(index)
            self.under_way[key, index] = wanted.most
            reserved = total([reserved, wanted.most])
        return [(wanted.asked, part) for wanted, _ in self.waiting for part in _parts(wanted, taken)]

    def arrived(self, key: str, index: int) -> None:
        """Release what was reserved for a sample."""
        self.under_way.pop((key, index), None)


def queue(wanted: Sequence[Wanted], have: Callable[[str], Collection[int]]) -> Queue:
    """The missing samples of the requests; `have` gives the indices of the samples there are, by the request's key."""
    return Queue(
        [(each, [i for i in range(each.request.n) if i not in have(each.asked.key)]) for each in wanted],
    )


def most(request: Request, price: Price | None) -> Spent:
    """The most that one sample of the request can cost; dollars are None without a price.

    The prompt is counted at a token for each of its bytes, which is an upper bound, and TEMPLATE_TOKENS more.
    """
    prompt = len(prompt_text(request.prompt).encode(errors="replace")) + TEMPLATE_TOKENS
    completion = request.sampling.max_tokens
    dollars = None if price is None else price.of(prompt, completion)
    return Spent(tokens=prompt + completion, dollars=dollars)


def total(costs: Iterable[Spent]) -> Spent:
    """The sum of costs, seconds left out; dollars are None where all are."""
    tokens, dollars = 0, None
    for cost in costs:
        tokens += cost.tokens
        if cost.dollars is not None:
            dollars = (dollars or 0.0) + cost.dollars
    return Spent(tokens=tokens, dollars=dollars)


def _parts(wanted: Wanted, taken: dict[str, list[int]]) -> list[Part]:
    mine = set(taken.get(wanted.asked.key, ()))
    return missing_parts(wanted.request, [index for index in range(wanted.request.n) if index not in mine])
