"""Division of a host's sandbox slots among the training processes on the host."""

from __future__ import annotations

import pytest

from sandbox import default_slots
from trainer.config import load
from trainer.distributed.world import World, processes_on_host
from trainer.rollout_workers import slots_of

pytestmark = pytest.mark.local


@pytest.mark.parametrize(("slots", "on_host", "expected"), [(16, 1, 16), (16, 4, 4), (7, 2, 3), (2, 8, 1)])
def test_the_configured_slots_of_a_host_are_divided_among_its_processes(
    slots: int, on_host: int, expected: int
) -> None:
    import torch

    world = World(0, 16, torch.device("cpu"), on_host)
    assert slots_of(load("micro", [f"execution.slots={slots}"]), world) == expected


def test_without_a_number_they_share_twice_the_cores() -> None:
    import torch

    whole, half = (World(0, 2, torch.device("cpu"), on_host) for on_host in (1, 2))
    config = load("micro")
    assert config.execution.slots is None
    assert slots_of(config, whole) == default_slots()
    assert slots_of(config, half) == max(1, default_slots() // 2)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, 1),
        ({"WORLD_SIZE": "4"}, 4),
        ({"WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"}, 8),  # torchrun
        ({"WORLD_SIZE": "16", "LOCAL_SIZE": "4"}, 4),  # deepspeed
    ],
)
def test_processes_of_a_host_are_counted_as_the_launcher_names_them(environment: dict[str, str], expected: int) -> None:
    assert processes_on_host(environment) == expected
