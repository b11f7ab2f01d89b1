"""How far the batches of a run are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class BatchProgress:
    """In requests, of which each asks for one or more samples."""

    batches: int
    """Not collected yet."""
    queued: int
    running: int
    done: int
    failed: int
    """Answered with an error."""


def sum_of(several: Iterable[BatchProgress]) -> BatchProgress:
    """The progress of several engines together."""
    return BatchProgress(*(sum(numbers) for numbers in zip(*map(astuple, several), strict=True)))
