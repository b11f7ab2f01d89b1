"""A policy whose weights, gradients and moments DeepSpeed spreads over the processes (ZeRO 0 to 3).

Up to rounding it computes what the policy in plain torch computes, from equal network, rows and loss. The weights that
the optimiser updates are float32, divided over the processes as the ZeRO stage says; AdamW is torch's; forward and
backward passes run in bfloat16 by autocast where `train.dtype` says so. Three defaults of DeepSpeed are undone here: it
averages gradients over processes (the tokens' weights already add up to 1 over all processes), it counts a fixed number
of rows per update (here the last row is marked), and at stage 0 it would clip and apply gradients that are not finite.

Limits: a checkpoint can be loaded only by as many processes as saved it. Every process reads the whole base checkpoint
before its weights are divided. Every process holds the whole reference model where the KL divergence is weighed or
measured, except with adapters, whose reference is the model without them. Nothing is offloaded. Processes exchange
numbers in float32, twice as long as bfloat16 would be. Tested on CPUs over gloo; not tested on GPUs, where the
communication back end and the choice of DeepSpeed's accelerator differ, and at stage 3 weights move to the GPU as they
are divided.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from trainer.config.schema import Optimiser, Train
from trainer.distributed.world import TIMEOUT, World
from trainer.errors import TrainerError
from trainer.policy import lora
from trainer.policy.loading import write_checkpoint
from trainer.policy.network import Network, adam_of
from trainer.policy.policy import Policy, PolicySetup

FOLDER, TAG, STATE = "training", "state", "training.json"
_BUCKET = 1 << 26
"""Maximum count of numbers in one message between processes."""


class DeepSpeedPolicy(Policy):
    """The policy of `train.backend = deepspeed`."""

    def __init__(self, setup: PolicySetup) -> None:
        """Load the base checkpoint. Raises TrainerError where DeepSpeed is not installed."""
        world, train = setup.world, setup.train
        deepspeed = _deepspeed(world)
        # At stage 3 no GPU ever holds all weights: each weight is moved to the GPU when it is divided.
        super().__init__(setup, Network(setup, torch.device("cpu") if train.zero == 3 else world.device))
        self._world, self._stage = world, train.zero
        self._gathered = deepspeed.zero.GatheredParameters
        configuration = _configuration(train, setup.optimiser, self.parameters)
        if train.zero == 3:
            deepspeed.zero.Init(module=self._network.model, config_dict_or_path=configuration, dtype=torch.float32)
            for buffer in self._network.model.buffers():
                buffer.data = buffer.data.to(world.device)
        adam = adam_of(self._network.trained, setup.optimiser)
        self._engine: Any = deepspeed.initialize(model=self._network.scorer, optimizer=adam, config=configuration)[0]
        self._network.forward = self._engine

    def _backward(self, loss: torch.Tensor, is_last: bool) -> None:
        self._engine.set_gradient_accumulation_boundary(is_last)
        # A loss that is not finite makes the gradient NaN, which all processes check.
        self._engine.backward(loss * (self._world.size if loss.isfinite() else math.nan))

    def _own_gradients(self) -> list[torch.Tensor]:
        return []  # DeepSpeed sums them itself

    def _step(self, rate: float, loss: float) -> float:  # noqa: ARG002 (a loss that is not finite shows in the norm)
        for group in self._engine.optimizer.param_groups:
            group["lr"] = rate
        if self._stage == 0:
            norm = float(torch.nn.utils.clip_grad_norm_(self._network.trained, self._setup.optimiser.clip_norm))
            if math.isfinite(norm):
                self._engine.step()
            else:
                self._engine.zero_grad()
            return norm
        self._engine.step()
        # DeepSpeed reports an infinite norm where it found a number that is not finite and left the weights unchanged.
        return float(self._engine.get_global_grad_norm())

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """All weights, in the shapes and under the names of the checkpoint, gathered from all processes one by one.

        Every process must iterate to the end, since each takes part in gathering. Tied weights come once, under the
        first of their names.
        """
        model: Any = self._network.model
        seen: set[int] = set()
        for name, weight in model.state_dict(keep_vars=True).items():
            if id(weight) in seen or lora.is_adapter(name):
                continue
            seen.add(id(weight))
            adapter = lora.adapter_of(model, name) or ()
            with self._gathered([part for part in (weight, *adapter) if hasattr(part, "ds_id")]):
                plain = weight.detach()
                copy = lora.merged(plain, *(part.detach() for part in adapter)) if adapter else plain.clone()
            yield name, copy

    def save(self, directory: Path) -> None:
        """Write checkpoint and tokenizer files, and each process's part of weights and moments into `training/`."""
        weights: dict[str, torch.Tensor] = {}
        for name, weight in self.tensors():
            if self._world.rank == 0:
                weights[name] = weight.cpu()

        def write() -> None:
            write_checkpoint(self._network.model, weights, self._setup.base, directory)
            (directory / STATE).write_text(json.dumps(self._shape()) + "\n", encoding="utf-8")

        self._world.share(write)
        weights.clear()
        # With adapters all other weights are those of the base checkpoint, which is loaded anyway.
        self._engine.save_checkpoint(
            str(directory / FOLDER), tag=TAG, save_latest=False, exclude_frozen_parameters=self._adapted
        )
        self._world.wait()

    def load(self, directory: Path) -> None:
        """Continue from what `save` wrote.

        Raises TrainerError where another back end wrote the directory, or the number of processes, the ZeRO stage or
        the use of adapters differs.
        """
        try:
            saved = json.loads((directory / STATE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise TrainerError(f"{directory} has no {STATE}: it was not saved by train.backend = deepspeed") from None
        for name, now in self._shape().items():
            if saved[name] != now:
                raise TrainerError(
                    f"{directory} was saved with {name} = {saved[name]}, and cannot be continued with {now}"
                )
        self._engine.load_checkpoint(str(directory / FOLDER), tag=TAG, load_module_strict=not self._adapted)

    @property
    def _adapted(self) -> bool:
        return any(isinstance(layer, lora.AdaptedLinear) for layer in self._network.model.modules())

    def _shape(self) -> dict[str, Any]:
        """The settings that must be equal when a checkpoint is saved and when it is loaded."""
        return {"processes": self._world.size, "train.zero": self._stage, "adapters": self._adapted}

    def close(self) -> None:
        """Free memory."""
        self._engine.destroy()
        del self._engine, self._network


def _configuration(train: Train, optimiser: Optimiser, parameters: int) -> dict[str, Any]:
    bucket = min(_BUCKET, parameters)
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        # At stage 0 DeepSpeed does not clip; `_step` does.
        "gradient_clipping": optimiser.clip_norm if train.zero else 0.0,
        "zero_optimization": {
            "stage": train.zero,
            "reduce_bucket_size": bucket,
            "allgather_bucket_size": bucket,
            "stage3_prefetch_bucket_size": bucket,
            # If true, DeepSpeed replaces torch.nn.functional.linear in the whole process, including the engine that
            # samples, by a function that rounds differently. Gradient checkpointing saves the same memory.
            "memory_efficient_linear": False,
        },
        "zero_allow_untested_optimizer": True,
        "steps_per_print": None,
    }


def _deepspeed(world: World) -> Any:
    """The package deepspeed, with its processes connected. Raises TrainerError where it is not installed."""
    if world.device.type == "cpu":
        # DeepSpeed would otherwise use a GPU that the machine has.
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    try:
        deepspeed: Any = importlib.import_module("deepspeed")
    except ImportError as error:
        raise TrainerError(
            f"train.backend = deepspeed needs the package: pip install 'cure-agent[deepspeed]' ({error})"
        ) from error
    # torch warns at each collective that DeepSpeed calls a deprecated name.
    warnings.filterwarnings("ignore", message="`torch.distributed", category=FutureWarning)
    # DeepSpeed would compile an all-reduce in shared memory for CPUs, which takes a compiler and a minute and is not
    # used in training. Without it gloo is used, as on machines without a compiler.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    os.environ.setdefault("LOCAL_RANK", "0")
    if not torch.distributed.is_initialized():
        _connect_alone(deepspeed, world)
    return deepspeed


def _connect_alone(deepspeed: Any, world: World) -> None:
    """Make a process group of this one process: DeepSpeed needs a group even without a launcher."""
    rendezvous = Path(tempfile.mkdtemp()) / "store"
    atexit.register(_disconnect, rendezvous.parent)
    deepspeed.init_distributed(
        "gloo" if world.device.type == "cpu" else "nccl",
        auto_mpi_discovery=False,
        verbose=False,
        timeout=TIMEOUT,
        init_method=f"file://{rendezvous}",
        rank=0,
        world_size=1,
    )


def _disconnect(rendezvous: Path) -> None:
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    shutil.rmtree(rendezvous, ignore_errors=True)
