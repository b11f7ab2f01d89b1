"""What the training loop needs of a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trainer.config.schema import Loss, Optimiser, Train
from trainer.distributed.world import World
from trainer.update.pack import Pack

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class PolicySetup:
    """What a policy is made of."""

    base: Path
    """Directory of the checkpoint that the run begins with, which is also the reference of the KL divergence."""
    train: Train
    optimiser: Optimiser
    world: World
    keep_reference: bool
    """Whether the base is kept beside the policy for the KL divergence."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """What one optimiser step measured, over all processes."""

    loss: float
    gradient_norm: float
    """L2 norm before clipping."""
    entropy: float
    """Sum over the trained tokens of weight times entropy, in nats."""
    tokens: int
    """Tokens that were trained."""
    row_tokens: int
    """Tokens that went through the model, prompts included."""
    sums: dict[str, float]
    """Weighted sums by name (`trainer.update.loss.Measured`)."""
    skipped: str = ""
    """Why the weights were left unchanged; empty when they were changed."""


def ignore_row() -> None:
    """Do nothing (default for on_row)."""


class Policy(Protocol):
    """One set of weights with its optimiser. Every process of the run calls every method in the same order."""

    parameters: int

    def update(
        self,
        packs: Sequence[Pack],
        rules: Loss,
        rate: float,
        old: Sequence[torch.Tensor] | None,
        on_row: Callable[[], None] = ignore_row,
    ) -> Update:
        """One optimiser step at learning rate `rate` on this process's rows of an update.

        `old` has the log-probabilities (R,) of each row at the start of the stage; None where they are those of the
        present weights. `on_row` is called after each row. Where the loss or the gradient is not finite the weights are
        left unchanged and the record says so.
        """

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = ignore_row) -> list[torch.Tensor]:
        """Log-probabilities (R,) of each row's trained tokens, without gradient. `on_row` is called after each row."""

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights, in the shapes and under the names of the checkpoint, one after another, on every process."""

    def save(self, directory: Path) -> None:
        """Write a Hugging Face checkpoint into `directory`, and beside it what `load` needs."""

    def load(self, directory: Path) -> None:
        """Continue from what `save` wrote, bit for bit with the same number of processes.

        Raises TrainerError where the directory was saved by another back end or with other settings.
        """

    def close(self) -> None:
        """Free memory. The policy cannot be used afterwards."""
