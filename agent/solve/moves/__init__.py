"""What a round can do, a file each. A new move is a new file that a strategy imports; nothing else knows its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from agent.solve.reading import Reading
    from agent.solve.solving import Solving


class Move(Protocol):
    """What the next round is for, and why. A frozen dataclass; the words are recorded with the decision."""

    name: ClassVar[str]
    doing: ClassVar[str]
    """For progress: `repairing`; empty for the move that ends a run."""
    done: ClassVar[str]
    """For `why`: `repaired`."""

    @property
    def why(self) -> str:
        """The reason, in words for the user."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the candidates that the move is about."""

    async def carry_out(self, solving: Solving, readings: Sequence[Reading]) -> None:
        """Do it, as round `len(readings) + 1`, by what earlier rounds read."""
