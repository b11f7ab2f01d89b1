"""A policy in plain torch: float32 master weights and AdamW that live as long as the run.

Each process holds all weights and works on its own rows; gradients are summed over the processes once per update.
Forward and backward passes run in bfloat16 by autocast where the configuration says so; the master weights stay in
float32, since a change of 1e-6 would be rounded away in bfloat16.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from trainer.errors import TrainerError
from trainer.policy import lora
from trainer.policy.loading import write_checkpoint
from trainer.policy.network import Network, adam_of
from trainer.policy.policy import Policy, PolicySetup

STATE = "training.pt"
"""File of the optimiser's state and the adapters, in the checkpoint's directory."""


class TorchPolicy(Policy):
    """The policy of `train.backend = torch`."""

    def __init__(self, setup: PolicySetup) -> None:
        super().__init__(setup, Network(setup))
        self._weights = self._network.trained
        self._adam = adam_of(self._weights, setup.optimiser)

    def _backward(self, loss: torch.Tensor, is_last: bool) -> None:  # noqa: ARG002 (rows are not counted here)
        torch.autograd.backward(loss)

    def _own_gradients(self) -> list[torch.Tensor]:
        return [weight.grad for weight in self._weights if weight.grad is not None]

    def _step(self, rate: float, loss: float) -> float:
        norm = float(torch.nn.utils.clip_grad_norm_(self._weights, self._setup.optimiser.clip_norm))
        if math.isfinite(loss) and math.isfinite(norm):
            for group in self._adam.param_groups:
                group["lr"] = rate
            self._adam.step()
        self._adam.zero_grad(set_to_none=True)
        return norm

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
        """Continue from what `save` wrote.

        Raises TrainerError where another back end wrote the directory, where only one of run and checkpoint has
        adapters, or where weights are missing.
        """
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
