"""A policy: one set of weights with its optimiser. Shared code and abstract methods of the back ends."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config.schema import Loss, Optimiser, Train
from trainer.distributed.world import World
from trainer.update.pack import Pack

if TYPE_CHECKING:
    import torch

    from trainer.policy.network import Network

Sums = dict[str, float]
"""Sums over the tokens of one row (a `Pack` of samples) or of many, by the name of what is summed."""


@dataclass(frozen=True)
class PolicySetup:
    """The inputs from which a policy is built."""

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
    """Sum over the trained tokens of weight (share of the loss) times entropy, in nats."""
    tokens: int
    """Number of tokens that the loss is over."""
    row_tokens: int
    """Tokens that went through the model, prompts included."""
    sums: Sums
    """Weighted sums by name (`trainer.update.loss.Measured`)."""
    skipped: str = ""
    """Why the weights were left unchanged; empty when they were changed."""


def ignore_row() -> None:
    """Do nothing (default for on_row)."""


class Policy(ABC):
    """One set of weights with its optimiser. Every process of the run calls every method in the same order."""

    def __init__(self, setup: PolicySetup, network: Network) -> None:
        self._setup = setup
        self._network = network
        self.parameters = network.parameters
        """Number of parameters of the model, without adapters."""

    def update(
        self,
        packs: Sequence[Pack],
        rules: Loss,
        rate: float,
        old: Sequence[torch.Tensor] | None,
        on_row: Callable[[], None] = ignore_row,
    ) -> Update:
        """Make one optimiser step at learning rate `rate` and return what it measured.

        `packs` are this process's rows of the update. `old` has, for each row, the log-probabilities (R,) of its R
        trained tokens at the start of the stage (a step's updates on the answers of one role, or of both together);
        None where the weights have not changed since. `on_row` is called after each row. Where the loss or the gradient
        is not finite the weights are left unchanged, and `Update.skipped` says why.
        """
        sums: Sums = {"loss": 0.0, "entropy": 0.0, "tokens": 0.0, "row_tokens": 0.0}
        for number, pack in enumerate(packs):
            loss, part = self._network.loss(pack, rules, None if old is None else old[number])
            self._backward(loss, is_last=number == len(packs) - 1)
            for name, value in part.items():
                sums[name] = sums.get(name, 0.0) + value
            on_row()
        totals = self._setup.world.add_up(self._own_gradients(), list(sums.values()))
        sums = dict(zip(sums, totals, strict=True))
        loss_sum, entropy, tokens, row_tokens = (sums.pop(name) for name in ("loss", "entropy", "tokens", "row_tokens"))
        norm = self._step(rate, loss_sum)
        is_finite = math.isfinite(loss_sum) and math.isfinite(norm)
        return Update(
            loss=loss_sum,
            gradient_norm=norm,
            entropy=entropy,
            tokens=int(tokens),
            row_tokens=int(row_tokens),
            sums=sums,
            skipped="" if is_finite else f"loss {loss_sum:g}, gradient norm {norm:g}",
        )

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = ignore_row) -> list[torch.Tensor]:
        """Log-probabilities (R,) of each row's R trained tokens, without gradient; calls `on_row` after each row."""
        found = []
        for pack in packs:
            found.append(self._network.logprobs(pack))
            on_row()
        return found

    @abstractmethod
    def _backward(self, loss: torch.Tensor, is_last: bool) -> None:
        """Add the gradient of a row's loss (a scalar) to those of the rows before it in this update."""

    @abstractmethod
    def _own_gradients(self) -> list[torch.Tensor]:
        """This process's gradients, which the caller sums over processes in place; empty if the back end sums them."""

    @abstractmethod
    def _step(self, rate: float, loss: float) -> float:
        """The gradient's norm before clipping, after changing the weights if the norm and the loss are finite."""

    @abstractmethod
    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights, in the shapes and under the names of the checkpoint, one after another, on every process."""

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write a Hugging Face checkpoint into `directory`, and beside it what `load` needs."""

    @abstractmethod
    def load(self, directory: Path) -> None:
        """Continue from what `save` wrote, bit for bit with the same number of processes.

        Raises TrainerError where the directory was saved by another back end or with other settings.
        """

    @abstractmethod
    def close(self) -> None:
        """Free memory. The policy cannot be used afterwards."""
