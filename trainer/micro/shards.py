"""Adds up gradients over one or two processes.

A batch is always cut into the same shards. With fewer processes than shards a process works through several of them,
and the sum is the same, so the number of processes changes the speed and not the weights. One thread each: for layers
this small, several threads are mostly barriers, which stall tenfold once anything else wants a core.
"""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.errors import TrainerError

if TYPE_CHECKING:
    import torch

SHARDS = 2


@dataclass(frozen=True)
class Team:
    """The processes of one warm-up, seen from one of them."""

    rank: int
    size: int

    @property
    def shards(self) -> range:
        """Which shards of every batch this process works on."""
        return range(self.rank, SHARDS, self.size)

    def add_up(self, parameters: Sequence[torch.Tensor], extra: Sequence[float]) -> list[float]:
        """Replace every gradient by its sum over the team, and return the sums of `extra`."""
        import torch

        if self.size == 1:
            return list(extra)
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients] + [torch.tensor(extra)])
        torch.distributed.all_reduce(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients] + [len(extra)])
        for gradient, part in zip(gradients, parts, strict=False):
            gradient.copy_(part.view_as(gradient))
        return [float(value) for value in parts[-1]]


@contextmanager
def team(size: int, work: Callable[[Team], object]) -> Iterator[Team]:
    """This process as rank 0 of a team of `size`; the others run `work`, which must be importable, until it returns."""
    import torch

    if not 1 <= size <= SHARDS:
        raise ValueError(f"a batch has {SHARDS} shards, so there can be 1 to {SHARDS} processes, not {size}")
    torch.set_num_threads(1)
    if size == 1:
        yield Team(0, 1)
        return
    with tempfile.TemporaryDirectory() as directory:
        meeting = f"file://{Path(directory) / 'meeting'}"
        spawn = multiprocessing.get_context("spawn")
        others = [
            spawn.Process(target=_other, args=(meeting, rank, size, work), daemon=True) for rank in range(1, size)
        ]
        for other in others:
            other.start()
        try:
            torch.distributed.init_process_group("gloo", init_method=meeting, rank=0, world_size=size)
            yield Team(0, size)
            for other in others:
                other.join()
        except RuntimeError as error:  # what gloo raises when a connection breaks
            for other in others:
                other.join(timeout=5)
            if ended := [other.exitcode for other in others if other.exitcode]:
                raise TrainerError(f"another process of the warm-up ended early, with status {ended[0]}") from error
            raise
        finally:
            for other in others:
                other.kill()
            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()


def _other(meeting: str, rank: int, size: int, work: Callable[[Team], object]) -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for rank 0, which then ends this process
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
    try:
        work(Team(rank, size))
    except RuntimeError:
        parent = multiprocessing.parent_process()
        if parent is not None and parent.is_alive():
            raise
    torch.distributed.destroy_process_group()
