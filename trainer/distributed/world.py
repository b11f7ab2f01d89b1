"""The group of a run's processes, as one of them uses it. A single process does not use torch.distributed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import torch

Value = TypeVar("Value")
TIMEOUT = timedelta(hours=2)
"""Longest wait of a process for the others, which may be sampling long answers."""


@dataclass(frozen=True)
class World:
    """The group of `size` processes as process `rank` uses it, and the device of that process."""

    rank: int
    size: int
    device: torch.device
    on_host: int = 1
    """Processes of the group on this host, this one included."""

    def gather(self, value: Value) -> list[Value]:
        """Every process's value, in the order of ranks, on every process."""
        if self.size == 1:
            return [value]
        import torch.distributed as group

        values: list[Any] = [None] * self.size
        group.all_gather_object(values, value)
        return values

    def share(self, make: Callable[[], Value]) -> Value:
        """In every process, what `make()` returned in the first. An error of `make()` is raised in every process."""
        if self.size == 1:
            return make()
        import torch.distributed as group

        made: list[Any] = [None, None]
        if self.rank == 0:
            try:
                made[0] = make()
            except Exception as error:  # noqa: BLE001 (raised on all processes below, which would otherwise wait for ever)
                made[1] = error
        group.broadcast_object_list(made, src=0)
        if made[1] is not None:
            raise made[1]
        result: Value = made[0]
        return result

    def share_local(self, make: Callable[[], Value]) -> Value | None:
        """What `make()` returns in the first process; None in the others. An error is raised in every process."""
        made: list[Value] = []
        self.share(lambda: made.append(make()))
        return made[0] if made else None

    def add_up(self, tensors: Sequence[torch.Tensor], numbers: Sequence[float]) -> list[float]:
        """The sums of `numbers` over the processes; each tensor is replaced by its sum over the processes."""
        import torch

        if self.size == 1:
            return list(numbers)
        extra = torch.tensor(numbers, dtype=torch.float64)
        torch.distributed.all_reduce(extra)
        for chunk in _chunks(tensors):
            flat = torch.cat([tensor.flatten() for tensor in chunk])  # (elements,)
            torch.distributed.all_reduce(flat)
            for tensor, part in zip(chunk, torch.split(flat, [tensor.numel() for tensor in chunk]), strict=True):
                tensor.copy_(part.view_as(tensor))
        return [float(number) for number in extra]

    def wait(self) -> None:
        """Wait until every process has called this."""
        if self.size > 1:
            import torch.distributed as group

            group.barrier()


def _chunks(tensors: Sequence[torch.Tensor], most: int = 1 << 25) -> Iterator[list[torch.Tensor]]:
    """The tensors in groups of at most `most` elements, each sent as one message; a larger tensor is a group alone."""
    chunk: list[torch.Tensor] = []
    size = 0
    for tensor in tensors:
        if chunk and size + tensor.numel() > most:
            yield chunk
            chunk, size = [], 0
        chunk.append(tensor)
        size += tensor.numel()
    if chunk:
        yield chunk


@contextmanager
def join_world(device: str) -> Iterator[World]:
    """A context with the group of the processes that a launcher (torchrun, deepspeed) started, or of this one alone.

    `device` is a value of `train.device`: cpu, cuda, or auto, which is a GPU if there is one.
    """
    import torch

    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    if cuda:
        place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(place)
    else:
        place = torch.device("cpu")
        if size > 1:
            # One thread for each process: the processes share the cores, so more threads would mostly wait.
            torch.set_num_threads(1)
    if size == 1:
        yield World(0, 1, place)
        return
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=TIMEOUT)
    try:
        yield World(rank, size, place, processes_on_host(os.environ))
    finally:
        torch.distributed.destroy_process_group()


def processes_on_host(environment: Mapping[str, str]) -> int:
    """The number of processes that the launcher started on this host, from the variables of torchrun or deepspeed."""
    named = (environment.get(name) for name in ("LOCAL_WORLD_SIZE", "LOCAL_SIZE", "WORLD_SIZE"))
    return int(next(filter(None, named), 1))
