"""Progress of the batches of an engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class BatchProgress:
    """Counts of requests, each of which asks for one or more samples; `batches` are those not collected yet."""

    batches: int
    queued: int
    running: int
    done: int
    failed: int
    """Answered with an error."""

    @staticmethod
    def total(several: Iterable[BatchProgress]) -> BatchProgress:
        """The progress of several engines together."""
        return BatchProgress(*(sum(numbers) for numbers in zip(*map(astuple, several), strict=True)))
