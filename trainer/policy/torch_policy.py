"""A policy in plain torch: float32 master weights and AdamW that live as long as the run.

Each process holds everything and works on its own rows; gradients are added up once per update. Passes run in bfloat16
by autocast where the configuration says so; masters never leave float32 (a step of 1e-6 is lost in bfloat16).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from trainer.config.schema import Optimiser, Train
from trainer.distributed.world import World
from trainer.errors import TrainerError
from trainer.policy import lora
from trainer.policy.loading import write_checkpoint
from trainer.policy.network import Network, Sums, add_up, as_update
from trainer.policy.protocol import Update, unwatched
from trainer.update.loss import LossRules
from trainer.update.pack import Pack

STATE = "training.pt"


class TorchPolicy:
    """See `Policy`."""

    def __init__(
        self,
        base: Path,
        train: Train,
        optimiser: Optimiser,
        world: World,
        keep_reference: bool,
    ) -> None:
        """`base` is the checkpoint the run begins with, and the reference of the KL divergence where that is kept."""
        self._world, self._base, self._optimiser = world, base, optimiser
        self._network = Network(base, train, world.device, keep_reference)
        self._weights = self._network.trained
        self.parameters = self._network.parameters
        self._adam = torch.optim.AdamW(
            self._weights,
            lr=optimiser.learning_rate,
            betas=optimiser.betas,
            weight_decay=optimiser.weight_decay,
            fused=True,
        )

    def update(
        self,
        packs: Sequence[Pack],
        rules: LossRules,
        rate: float,
        old: Sequence[torch.Tensor] | None,
        on_row: Callable[[], None] = unwatched,
    ) -> Update:
        """One optimiser step; see `Policy`. Where loss or gradient is not finite nothing is changed, and it says so."""
        self._adam.zero_grad(set_to_none=True)
        parts: list[Sums] = []
        for number, pack in enumerate(packs):
            loss, part = self._network.loss(pack, rules, None if old is None else old[number])
            torch.autograd.backward(loss)
            parts.append(part)
            on_row()
        sums = add_up(parts)
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        sums = dict(zip(sums, self._world.add_up(gradients, list(sums.values())), strict=True))
        norm = float(torch.nn.utils.clip_grad_norm_(self._weights, self._optimiser.clip_norm))
        finite = math.isfinite(sums["loss"]) and math.isfinite(norm)
        if finite:
            for group in self._adam.param_groups:
                group["lr"] = rate
            self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        return as_update(sums, norm, not finite)

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = unwatched) -> list[torch.Tensor]:
        """Log-probabilities of the trained tokens of each row, without gradient."""
        return self._network.logprobs(packs, on_row)

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights under their names in the checkpoint."""
        return self._network.tensors()

    def save(self, directory: Path) -> None:
        """Write checkpoint, tokenizer files and optimiser, adapters with it; only the first process writes."""

        def write() -> None:
            model: Any = self._network.model
            write_checkpoint(model, dict(self._network.tensors()), self._base, directory)
            adapters = {name: part for name, part in model.state_dict().items() if lora.is_adapter(name)}
            state = {"adam": self._adam.state_dict(), "adapters": adapters, "size": self._world.size}
            torch.save(state, directory / STATE)

        self._world.share(write)

    def load(self, directory: Path) -> None:
        """Take weights and optimiser from what `save` wrote."""
        from safetensors.torch import load_file

        if not (directory / STATE).is_file():
            raise TrainerError(f"{directory} has no {STATE}: it was not saved by train.backend = torch")
        state = torch.load(directory / STATE, map_location="cpu", weights_only=True)
        model: Any = self._network.model
        weights: dict[str, torch.Tensor] = state.get("adapters") or {}
        # With adapters the base is as it was, and the files hold both merged.
        for file in [] if weights else sorted(directory.glob("*.safetensors")):
            weights |= load_file(file)
        adapted = any(map(lora.is_adapter, model.state_dict()))
        if adapted != any(map(lora.is_adapter, weights)):
            raise TrainerError(f"{directory} was saved {'without' if adapted else 'with'} train.lora_rank")
        missing = model.load_state_dict(weights, strict=False).missing_keys
        tied = set(getattr(model, "all_tied_weights_keys", None) or ())
        wanted = [name for name in missing if lora.is_adapter(name) or not adapted]
        if absent := [name for name in wanted if name not in tied]:
            raise TrainerError(f"{directory}: the checkpoint lacks {absent[0]}")
        self._adam.load_state_dict(state["adam"])

    def close(self) -> None:
        """Free memory: nothing else may be called any more."""
        self._weights.clear()
        del self._network, self._adam
