"""What the training loop needs of a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trainer.update.loss import LossRules
from trainer.update.pack import Pack

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Update:
    """What one optimiser step measured, over all processes."""

    loss: float
    gradient_norm: float
    """Before clipping."""
    entropy: float
    """Mean over the tokens trained, weighted as they are, in nats."""
    tokens: int
    """Tokens that were trained."""
    row_tokens: int
    """Tokens that went through the model, prompts included."""
    sums: dict[str, float]
    """See `trainer.update.loss.Measured`."""
    skipped: str = ""
    """Why nothing was changed; empty when it was."""


def unwatched() -> None:
    """Nobody is told that a row is done."""


class Policy(Protocol):
    """One set of weights with its optimiser. Every process of the run calls every method in the same order."""

    parameters: int

    def update(
        self,
        packs: Sequence[Pack],
        rules: LossRules,
        rate: float,
        old: Sequence[torch.Tensor] | None,
        on_row: Callable[[], None] = unwatched,
    ) -> Update:
        """One optimiser step at this learning rate on this process's rows of an update.

        `old` are log-probabilities at the start of the stage, one tensor (R,) per row; None when they are those of the
        weights at hand. `on_row` is called after each row.
        """

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = unwatched) -> list[torch.Tensor]:
        """Log-probabilities of the trained tokens of each row, without gradient. `on_row` is called after each row."""

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights under their names in the checkpoint, one after another; every process gets them."""

    def save(self, directory: Path) -> None:
        """Write a Hugging Face checkpoint into `directory`, and beside it what `load` needs."""

    def load(self, directory: Path) -> None:
        """Go on where `save` was called, bit for bit with the same number of processes."""

    def close(self) -> None:
        """Free memory."""
