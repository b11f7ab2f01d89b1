"""Progress of the batches of an engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class BatchProgress:
    """Numbers of requests (each for one or more samples) by status, and of `batches` not collected yet."""

    batches: int
    queued: int
    running: int
    done: int
    failed: int
    """Answered with an error."""

    @staticmethod
    def total(several: Iterable[BatchProgress]) -> BatchProgress:
        """The sum of the progress of several engines."""
        return BatchProgress(*(sum(numbers) for numbers in zip(*map(astuple, several), strict=True)))
