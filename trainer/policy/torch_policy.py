"""A policy in plain torch: float32 master weights and AdamW that live as long as the run.

Each process holds everything and works on its own rows; gradients are added up once per update. Passes run in bfloat16
by autocast where the configuration says so; masters never leave float32 (a step of 1e-6 is lost in bfloat16).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from trainer.config.schema import Optimiser, Train
from trainer.errors import TrainerError
from trainer.loss import LossRules, Tokens, policy_loss
from trainer.pack import Pack
from trainer.policy import attention
from trainer.policy.loading import load_model
from trainer.policy.protocol import Update
from trainer.policy.scorer import Row, Scorer, on_device
from trainer.world import World

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
        self._world, self._base, self._train, self._optimiser = world, base, train, optimiser
        self._attention = attention.implementation(train.attention, world.device)
        model = load_model(base, torch.float32, world.device, self._attention)
        if train.gradient_checkpointing:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
            model.train()
        self._scorer = Scorer(model)
        self._weights = list(self._scorer.parameters())
        self.parameters = sum(weight.numel() for weight in self._weights)
        self._adam = torch.optim.AdamW(
            self._weights,
            lr=optimiser.learning_rate,
            betas=optimiser.betas,
            weight_decay=optimiser.weight_decay,
            fused=True,
        )
        self._reference: Scorer | None = None
        if keep_reference:
            dtype = torch.bfloat16 if train.dtype == "bfloat16" else torch.float32
            self._reference = Scorer(load_model(base, dtype, world.device, self._attention)).requires_grad_(False)

    def update(
        self, packs: Sequence[Pack], rules: LossRules, rate: float, old: Sequence[torch.Tensor] | None
    ) -> Update:
        """One optimiser step; see `Policy`. Where loss or gradient is not finite nothing is changed, and it says so."""
        self._adam.zero_grad(set_to_none=True)
        sums: dict[str, float] = {"loss": 0.0, "entropy": 0.0, "tokens": 0.0, "row_tokens": 0.0}
        for number, pack in enumerate(packs):
            row = on_device(pack, self._attention, self._world.device)
            new, entropy = self._score(self._scorer, row)
            reference = None
            if self._reference is not None:
                with torch.no_grad():
                    reference, _ = self._score(self._reference, row)
            tokens = Tokens(
                new,
                None if old is None else old[number],
                row.sampler,
                reference,
                row.advantages,
                row.weights,
                row.sample,
            )
            measured = policy_loss(tokens, rules)
            torch.autograd.backward(measured.loss)
            added = {
                "loss": float(measured.loss.detach()),
                "entropy": float((row.weights * entropy).sum()),
                "tokens": float(len(pack.targets)),
                "row_tokens": float(len(pack.ids)),
                **{name: float(value) for name, value in measured.sums.items()},
            }
            for name, value in added.items():
                sums[name] = sums.get(name, 0.0) + value
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        sums = dict(zip(sums, self._world.add_up(gradients, list(sums.values())), strict=True))
        norm = float(torch.nn.utils.clip_grad_norm_(self._weights, self._optimiser.clip_norm))
        skipped = ""
        if math.isfinite(sums["loss"]) and math.isfinite(norm):
            for group in self._adam.param_groups:
                group["lr"] = rate
            self._adam.step()
        else:
            skipped = f"loss {sums['loss']:g}, gradient norm {norm:g}"
        self._adam.zero_grad(set_to_none=True)
        loss, entropy_sum, count, row_count = (sums.pop(name) for name in ("loss", "entropy", "tokens", "row_tokens"))
        return Update(loss, norm, entropy_sum, int(count), int(row_count), sums, skipped)

    def logprobs(self, packs: Sequence[Pack]) -> list[torch.Tensor]:
        """Log-probabilities of the trained tokens of each row, without gradient."""
        with torch.no_grad():
            rows = (on_device(pack, self._attention, self._world.device) for pack in packs)
            return [self._score(self._scorer, row)[0] for row in rows]

    def _score(self, scorer: Scorer, row: Row) -> tuple[torch.Tensor, torch.Tensor]:
        half = self._train.dtype == "bfloat16"
        with torch.autocast(self._world.device.type, dtype=torch.bfloat16) if half else nullcontext():
            new, entropy = scorer(row.inputs, row.where, row.targets, row.temperatures)
        return new.float(), entropy.float()

    def tensors(self) -> Iterable[tuple[str, torch.Tensor]]:
        """All weights under their names in the checkpoint."""
        yield from self._scorer.model.state_dict().items()

    def save(self, directory: Path) -> None:
        """Write checkpoint, tokenizer files and optimiser; only the first process writes."""
        if self._world.rank == 0:
            model: Any = self._scorer.model
            model.save_pretrained(directory)
            copy_tokenizer(self._base, directory)
            torch.save({"adam": self._adam.state_dict(), "size": self._world.size}, directory / STATE)
        self._world.wait()

    def load(self, directory: Path) -> None:
        """Take weights and optimiser from what `save` wrote."""
        from safetensors.torch import load_file

        state = torch.load(directory / STATE, map_location="cpu", weights_only=True)
        weights: dict[str, torch.Tensor] = {}
        for file in sorted(directory.glob("*.safetensors")):
            weights |= load_file(file)
        missing = self._scorer.model.load_state_dict(weights, strict=False).missing_keys
        tied = set(getattr(self._scorer.model, "all_tied_weights_keys", None) or ())
        if absent := [name for name in missing if name not in tied]:
            raise TrainerError(f"{directory}: the checkpoint lacks {absent[0]}")
        self._adam.load_state_dict(state["adam"])

    def close(self) -> None:
        """Free memory."""
        self._weights.clear()


def copy_tokenizer(base: Path, directory: Path) -> None:
    """Put the base's tokenizer, template and generation settings beside new weights, byte for byte."""
    import shutil

    wanted = (
        "tokenizer*",
        "*.jinja",
        "vocab*",
        "merges*",
        "special_tokens*",
        "added_tokens*",
        "generation_config.json",
    )
    for pattern in wanted:
        for file in base.glob(pattern):
            shutil.copyfile(file, directory / file.name)
