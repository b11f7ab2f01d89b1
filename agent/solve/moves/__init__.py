"""Moves, a file each: the actions a round can take. A new move is a new file that a strategy imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from agent.runs.events import Decided

if TYPE_CHECKING:
    from agent.solve.reading import Reading
    from agent.solve.solving import Solving
    from agent.solve.spending import Left
    from agent.solve.task import ColumnT, RowT


class Move(Protocol):
    """The action of the next round, with its reason. A frozen dataclass, whose texts `decided_event` records."""

    name: ClassVar[str]
    doing: ClassVar[str]
    """The action as the progress display names it, such as `repairing`; empty for the move that ends a run."""
    done: ClassVar[str]
    """The action as `cure-agent why` names it, such as `repaired`."""
    asks_for_samples: ClassVar[bool]
    """Whether the move asks models for programs or tests. At most `settings.rounds` rounds do, those with `Draw` not
    counted, and as many further rounds take other moves, which may ask for texts, such as a generator of inputs."""

    @property
    def why(self) -> str:
        """The reason, in words for the user."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the candidates that the move concerns."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Do the move as round `len(readings) + 1`; `readings` are those of the earlier rounds."""


def decided_event(round_: int, move: Move, left: Left) -> Decided:
    """The event that records the decision after a round: the fields of the move, and the budget used."""
    return Decided(
        round=round_,
        action=move.name,
        why=move.why,
        targets=list(move.targets),
        doing=move.doing,
        done=move.done,
        tokens=left.tokens,
        seconds=left.seconds,
        dollars=left.dollars,
    )
