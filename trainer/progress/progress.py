"""What the training loop reports while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from trainer.record.measure import Metrics
from trainer.rollout.sampling import RolloutEvent
from trainer.rollout.tasks import Task

ROLLING_OUT = "answers and tables"
"""Name of the phase in which a step's answers are sampled and their programs run."""


class Progress:
    """The receiver of a run's progress. This class does nothing; a display overrides its methods.

    A phase ends when the next one begins, or with its step.
    """

    def phase(self, name: str, answers: int) -> None:
        """A phase begins that works on this many answers."""

    def part(self, done: int, total: int) -> None:
        """`done` of `total` parts of the phase are finished, such as rows of an update."""

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = ROLLING_OUT) -> None:
        """A phase begins in which each of these tasks gets `answers_each` answers and a table."""

    def running(self, tables: int) -> None:
        """A phase begins in which this many tables are made of answers that were sampled before."""

    def event(self, event: RolloutEvent) -> None:
        """An answer is sampled, or a table is complete."""

    def step(self, step: int, metrics: Metrics) -> None:
        """A step is committed."""

    def evaluation(self, step: int, metrics: Metrics) -> None:
        """The evaluation after a step is done."""


def part_counter(progress: Progress, total: int) -> Callable[[], None]:
    """A function that reports one more finished part of `total` at each call."""
    done = count(1)
    return lambda: progress.part(next(done), total)
