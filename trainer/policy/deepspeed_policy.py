"""A policy whose weights, gradients and moments DeepSpeed spreads over the processes (ZeRO 0 to 3).

The same network, rows and loss as the plain policy, and the same numbers. Weights are float32 masters, split up as the
stage says, and AdamW is torch's; bfloat16 is autocast's. What DeepSpeed does otherwise is undone here: it averages over
processes (our weights add up to 1 over all of them), counts a fixed number of rows per update (the last row of ours is
declared), and would clip and step over what is not finite at stage 0.

Limits: a checkpoint goes on with as many processes as saved it. The reference model is whole in every process, and
every process reads the whole base before it is split up. Nothing is offloaded. Messages are in single precision, twice
as long as they could be. Measured on CPUs over gloo; on GPUs only the name of the back end differs, which is reasoned
and not measured.
"""

from __future__ import annotations

import atexit
import importlib
import json
import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from trainer.config.schema import Optimiser, Train
from trainer.distributed.world import PATIENCE, World
from trainer.errors import TrainerError
from trainer.policy import lora
from trainer.policy.loading import write_checkpoint
from trainer.policy.network import Network, Sums, add_up, as_update
from trainer.policy.protocol import Update, unwatched
from trainer.update.loss import LossRules
from trainer.update.pack import Pack

FOLDER, TAG, STATE = "training", "state", "training.json"
_BUCKET = 1 << 26
"""Most numbers of one message."""


class DeepSpeedPolicy:
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
        deepspeed = _deepspeed(world)
        self._world, self._base, self._optimiser, self._stage = world, base, optimiser, train.zero
        self._gathered = deepspeed.zero.GatheredParameters
        # At stage 3 no GPU ever holds all weights: they go there one after another, to be split up.
        loaded_on = torch.device("cpu") if train.zero == 3 else world.device
        self._network = Network(base, train, world.device, keep_reference, loaded_on)
        self.parameters = self._network.parameters
        configuration = _configuration(train, optimiser, self.parameters)
        if train.zero == 3:
            deepspeed.zero.Init(module=self._network.model, config_dict_or_path=configuration, dtype=torch.float32)
            for buffer in self._network.model.buffers():
                buffer.data = buffer.data.to(world.device)
        adam = torch.optim.AdamW(
            self._network.trained,
            lr=optimiser.learning_rate,
            betas=optimiser.betas,
            weight_decay=optimiser.weight_decay,
            fused=True,
        )
        self._engine: Any = deepspeed.initialize(model=self._network.scorer, optimizer=adam, config=configuration)[0]
        self._network.forward = self._engine

    def update(
        self,
        packs: Sequence[Pack],
        rules: LossRules,
        rate: float,
        old: Sequence[torch.Tensor] | None,
        on_row: Callable[[], None] = unwatched,
    ) -> Update:
        """One optimiser step; see `Policy`. Where loss or gradient is not finite nothing is changed, and it says so."""
        parts: list[Sums] = []
        for number, pack in enumerate(packs):
            self._engine.set_gradient_accumulation_boundary(number == len(packs) - 1)
            loss, part = self._network.loss(pack, rules, None if old is None else old[number])
            # Where only the loss is not finite the gradient shall not be either: that is what everybody looks at.
            factor = self._world.size if math.isfinite(part["loss"]) else math.nan
            self._engine.backward(loss * factor)
            parts.append(part)
            on_row()
        sums = add_up(parts)
        sums = dict(zip(sums, self._world.add_up([], list(sums.values())), strict=True))
        for group in self._engine.optimizer.param_groups:
            group["lr"] = rate
        norm = self._step()
        return as_update(sums, norm, not (math.isfinite(norm) and math.isfinite(sums["loss"])))

    def _step(self) -> float:
        """Change the weights unless the gradient is not finite; its norm."""
        if self._stage == 0:
            norm = float(torch.nn.utils.clip_grad_norm_(self._network.trained, self._optimiser.clip_norm))
            if not math.isfinite(norm):
                self._engine.zero_grad()
                return norm
            self._engine.step()
            return norm
        self._engine.step()
        # infinite where DeepSpeed has found something that is not finite, and left everything as it was
        return float(self._engine.get_global_grad_norm())

    def logprobs(self, packs: Sequence[Pack], on_row: Callable[[], None] = unwatched) -> list[torch.Tensor]:
        """Log-probabilities of the trained tokens of each row, without gradient."""
        return self._network.logprobs(packs, on_row)

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """All weights under their names in the checkpoint, each gathered from all processes when it is its turn.

        Every process must ask for all of them. Of tied weights there is one.
        """
        model: Any = self._network.model
        seen: set[int] = set()
        for name, weight in model.state_dict(keep_vars=True).items():
            if id(weight) in seen or lora.is_adapter(name):
                continue
            seen.add(id(weight))
            adapter = lora.adapter_of(model, name) or ()
            with self._gathered([part for part in (weight, *adapter) if hasattr(part, "ds_id")]):
                first = weight.detach()
                whole = lora.merged(first, *(part.detach() for part in adapter)) if adapter else first.clone()
            yield name, whole

    def save(self, directory: Path) -> None:
        """Write checkpoint and tokenizer files, and every process its part of weights and moments in `training/`."""
        weights: dict[str, torch.Tensor] = {}
        for name, weight in self.tensors():
            if self._world.rank == 0:
                weights[name] = weight.cpu()

        def write() -> None:
            write_checkpoint(self._network.model, weights, self._base, directory)
            (directory / STATE).write_text(json.dumps(self._shape()) + "\n", encoding="utf-8")

        self._world.share(write)
        weights.clear()
        # With adapters the rest is as in the base.
        self._engine.save_checkpoint(
            str(directory / FOLDER), tag=TAG, save_latest=False, exclude_frozen_parameters=self._adapted
        )
        self._world.wait()

    def load(self, directory: Path) -> None:
        """Take weights and moments from what `save` wrote."""
        try:
            saved = json.loads((directory / STATE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise TrainerError(f"{directory} has no {STATE}: it was not saved by train.backend = deepspeed") from None
        for name, now in self._shape().items():
            if saved[name] != now:
                raise TrainerError(f"{directory} was saved with {name} = {saved[name]}, and cannot go on with {now}")
        self._engine.load_checkpoint(str(directory / FOLDER), tag=TAG, load_module_strict=not self._adapted)

    @property
    def _adapted(self) -> bool:
        return any(isinstance(layer, lora.AdaptedLinear) for layer in self._network.model.modules())

    def _shape(self) -> dict[str, Any]:
        """What must be the same for the parts to fit together again."""
        return {"processes": self._world.size, "train.zero": self._stage, "adapters": self._adapted}

    def close(self) -> None:
        """Free memory: nothing else may be called any more."""
        self._engine.destroy()
        del self._engine, self._network


def _configuration(train: Train, optimiser: Optimiser, parameters: int) -> dict[str, Any]:
    bucket = min(_BUCKET, parameters)
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        # At stage 0 DeepSpeed hands gradients to AdamW as they are; they are clipped here.
        "gradient_clipping": optimiser.clip_norm if train.zero else 0.0,
        "zero_optimization": {
            "stage": train.zero,
            "reduce_bucket_size": bucket,
            "allgather_bucket_size": bucket,
            "stage3_prefetch_bucket_size": bucket,
            # It replaces torch.nn.functional.linear in the whole process, the engine that samples included, and rounds
            # in other places. What it saves, gradient checkpointing saves too.
            "memory_efficient_linear": False,
        },
        "zero_allow_untested_optimizer": True,
        "steps_per_print": None,
    }


def _deepspeed(world: World) -> Any:
    """The package, with its processes connected. Raises TrainerError where it is not installed."""
    if world.device.type == "cpu":
        # It would take a GPU that is there for the one to use.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    try:
        deepspeed: Any = importlib.import_module("deepspeed")
    except ImportError as error:
        raise TrainerError(
            f"train.backend = deepspeed needs the package: pip install 'cure-agent[deepspeed]' ({error})"
        ) from error
    # Of torch, about what DeepSpeed calls, once for each collective.
    warnings.filterwarnings("ignore", message="`torch.distributed", category=FutureWarning)
    # DeepSpeed would compile an all-reduce in shared memory for CPUs, which takes a compiler and a minute, and is not
    # used in training: gloo does it, as where the package finds it cannot be compiled.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    os.environ.setdefault("LOCAL_RANK", "0")
    if not torch.distributed.is_initialized():
        _connect_alone(deepspeed, world)
    return deepspeed


def _connect_alone(deepspeed: Any, world: World) -> None:
    """A process group of this process, without a launcher; DeepSpeed works in no other way."""
    meeting = Path(tempfile.mkdtemp()) / "store"
    atexit.register(_disconnect, meeting.parent)
    deepspeed.init_distributed(
        "gloo" if world.device.type == "cpu" else "nccl",
        auto_mpi_discovery=False,
        verbose=False,
        timeout=PATIENCE,
        init_method=f"file://{meeting}",
        rank=0,
        world_size=1,
    )


def _disconnect(meeting: Path) -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    shutil.rmtree(meeting, ignore_errors=True)
