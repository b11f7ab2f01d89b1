"""A policy in plain torch: float32 master weights and AdamW that live as long as the run.

Each process holds all weights and works on its own rows; gradients are summed over the processes once per update.
Passes run in bfloat16 by autocast where the configuration says so; the masters stay in float32, since a step of 1e-6 is
lost in bfloat16.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from trainer.config.schema import Loss
from trainer.errors import TrainerError
from trainer.policy import lora
from trainer.policy.loading import write_checkpoint
from trainer.policy.network import Network, Sums, adam_of, sum_of, update_record
from trainer.policy.protocol import PolicySetup, Update, ignore_row
from trainer.update.pack import Pack

STATE = "training.pt"
"""File of the optimiser's state and the adapters, in the checkpoint's directory."""


class TorchPolicy:
    """The `Policy` of `train.backend = torch`."""

    def __init__(self, setup: PolicySetup) -> None:
        self._setup = setup
        self._network = Network(setup)
        self._weights = self._network.trained
        self.parameters = self._network.parameters
        self._adam = adam_of(self._weights, setup.optimiser)

    def update(
        self,
        packs: Sequence[Pack],
        rules: Loss,
        rate: float,
        old: Sequence[torch.Tensor] | None,
        on_row: Callable[[], None] = ignore_row,
    ) -> Update:
        """One optimiser step (`Policy.update`)."""
        self._adam.zero_grad(set_to_none=True)
        parts: list[Sums] = []
        for number, pack in enumerate(packs):
            loss, part = self._network.loss(pack, rules, None if old is None else old[number])
            torch.autograd.backward(loss)
            parts.append(part)
            on_row()
        sums = sum_of(parts)
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        sums = dict(zip(sums, self._setup.world.add_up(gradients, list(sums.values())), strict=True))
        norm = float(torch.nn.utils.clip_grad_norm_(self._weights, self._setup.optimiser.clip_norm))
        finite = math.isfinite(sums["loss"]) and math.isfinite(norm)
        if finite:
            for group in self._adam.param_groups:
                group["lr"] = rate
            self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        return update_record(sums, norm, not finite)

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = ignore_row) -> list[torch.Tensor]:
        """Log-probabilities (R,) of each row's trained tokens, without gradient."""
        return self._network.logprobs(packs, on_row)

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights, in the shapes and under the names of the checkpoint."""
        return self._network.tensors()

    def save(self, directory: Path) -> None:
        """Write checkpoint, tokenizer files, optimiser state and adapters; only the first process writes."""

        def write() -> None:
            model: Any = self._network.model
            write_checkpoint(model, dict(self._network.tensors()), self._setup.base, directory)
            adapters = {name: part for name, part in model.state_dict().items() if lora.is_adapter(name)}
            state = {"adam": self._adam.state_dict(), "adapters": adapters, "size": self._setup.world.size}
            torch.save(state, directory / STATE)

        self._setup.world.share(write)

    def load(self, directory: Path) -> None:
        """Continue from what `save` wrote. Raises TrainerError where it does not fit."""
        from safetensors.torch import load_file

        if not (directory / STATE).is_file():
            raise TrainerError(f"{directory} has no {STATE}: it was not saved by train.backend = torch")
        state = torch.load(directory / STATE, map_location="cpu", weights_only=True)
        model: Any = self._network.model
        weights: dict[str, torch.Tensor] = state.get("adapters") or {}
        # The files hold base and adapters merged; with adapters the base is unchanged and need not be read.
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
        """Free memory."""
        self._weights.clear()
        del self._network, self._adam
