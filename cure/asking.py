"""Cuts a request into parts that ask for its missing samples only, so that nothing is sampled twice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from engines import Request, consecutive


@dataclass(frozen=True)
class Part:
    """A request for consecutive samples of another request."""

    request: Request
    """Asks for `n` samples, of which sample i is sample `first + i` of the whole request, drawn with the same seed."""
    first: int


def missing_parts(request: Request, have: Collection[int]) -> list[Part]:
    """Parts of the request that ask for exactly the samples whose indices are not in `have`.

    Sample i of a request is drawn with seed + i, so a part's seed is the request's plus the part's first index. A part
    from index 0 keeps the request's key; other keys end in the part's first index.
    """
    missing = (index for index in range(request.n) if index not in have)
    return [Part(_part(request, first, count), first) for first, count in consecutive(missing)]


def _part(request: Request, first: int, count: int) -> Request:
    seed = request.sampling.seed
    sampling = request.sampling if seed is None else replace(request.sampling, seed=seed + first)
    key = request.key if first == 0 else f"{request.key}.{first}"
    return replace(request, key=key, n=count, sampling=sampling)
