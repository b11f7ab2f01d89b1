"""Divides the warm-up's batches among one or two processes, whose gradients are then summed.

A batch is always divided into the same shards. A single process computes all shards, and the sum of gradients is equal,
so the number of processes changes the speed and not the weights. Each process has one thread: with
layers this small, more threads mostly wait for each other, and are ten times slower when another program uses a core.
"""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.distributed.world import World
from trainer.errors import TrainerError

SHARDS = 2
"""Number of parts into which every batch is divided."""


def shards_of(world: World) -> range:
    """Numbers of the shards of every batch that this process computes."""
    return range(world.rank, SHARDS, world.size)


@contextmanager
def process_group(size: int, work: Callable[[World], object]) -> Iterator[World]:
    """A context with the group of `size` processes; this one has rank 0, the others run `work`.

    `work` must be importable: the other processes load it by name. Raises TrainerError where another process ends
    early, ValueError where `size` is not 1 to SHARDS.
    """
    import torch

    if not 1 <= size <= SHARDS:
        raise ValueError(f"a batch has {SHARDS} shards, so there can be 1 to {SHARDS} processes, not {size}")
    torch.set_num_threads(1)
    if size == 1:
        yield World(0, 1, torch.device("cpu"))
        return
    with tempfile.TemporaryDirectory() as directory:
        rendezvous = f"file://{Path(directory) / 'rendezvous'}"
        spawn = multiprocessing.get_context("spawn")
        others = [
            spawn.Process(target=_other_process, args=(rendezvous, rank, size, work), daemon=True)
            for rank in range(1, size)
        ]
        for other in others:
            other.start()
        try:
            torch.distributed.init_process_group("gloo", init_method=rendezvous, rank=0, world_size=size)
            yield World(0, size, torch.device("cpu"))
            for other in others:
                other.join()
        except RuntimeError as error:  # gloo raises it when a connection breaks
            for other in others:
                other.join(timeout=30)
            if ended := [other.exitcode for other in others if other.exitcode]:
                raise TrainerError(f"another process of the warm-up ended early, with status {ended[0]}") from error
            raise
        finally:
            for other in others:
                other.kill()
            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()


def _other_process(rendezvous: str, rank: int, size: int, work: Callable[[World], object]) -> None:
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for rank 0, which then ends this process
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=rendezvous, rank=rank, world_size=size)
    try:
        work(World(rank, size, torch.device("cpu")))
    except RuntimeError:
        parent = multiprocessing.parent_process()
        if parent is not None and parent.is_alive():
            raise
    torch.distributed.destroy_process_group()
