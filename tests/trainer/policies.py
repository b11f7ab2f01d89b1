"""Makes policies over tiny random checkpoints, and updates for them; is also a program, for tests in several processes.

`python -m torch.distributed.run --standalone --nproc-per-node N -m tests.trainer.policies WORK BASE OUT` calls in every
process the functions of this module that WORK names (separated by commas), with the checkpoint BASE; the first process
writes a list of their results to OUT.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tests.engines.tiny import make_checkpoint
from trainer.config.schema import Loss, Optimiser, Train
from trainer.distributed.world import World
from trainer.errors import TrainerError
from trainer.policy import scorer
from trainer.policy.policy import Policy, PolicySetup, Update
from trainer.policy.torch_policy import TorchPolicy
from trainer.update.pack import Pack, Sample, packs_for

ROOT = Path(__file__).parents[2]
ALONE = World(0, 1, torch.device("cpu"))
RULES = Loss(kind="ppo", kl_weight=0.05)
RATE = 2e-5


def checkpoint(directory: Path, kind: str = "qwen3") -> Path:
    """The directory of a tiny checkpoint: Qwen3, or Qwen2 with tied embeddings, with two query heads for each key head.

    The weights are small, so that the model's answers are uncertain and activations do not grow from layer to layer.
    """
    from transformers import AutoModelForCausalLM

    place = make_checkpoint(directory / kind, kind, tied=kind == "qwen2")
    model: Any = AutoModelForCausalLM.from_pretrained(place)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() == 2:
                weight *= 0.3
    model.save_pretrained(place)
    return place


def settings(**changed: Any) -> Train:
    """Training settings for float32 on the CPU, with these changes."""
    return Train(**{"device": "cpu", "dtype": "float32", "gradient_checkpointing": False, **changed})


def policy(base: Path, reference: bool = True, world: World = ALONE, **changed: Any) -> TorchPolicy:
    """A policy in plain torch from the checkpoint `base`."""
    return TorchPolicy(PolicySetup(base, settings(**changed), Optimiser(weight_decay=0.01), world, reference))


def answers(seed: int, count: int = 7, temperature: float = 1.0) -> list[Sample]:
    """Answers of different lengths, as a sampler near the policy may have drawn them."""
    numbers = random.Random(seed)
    made = []
    for _ in range(count):
        prompt, tokens = ([numbers.randrange(3, 259) for _ in range(numbers.randint(2, 30))] for _ in range(2))
        sampled = [-numbers.uniform(4, 8) for _ in tokens]
        made.append(Sample(tuple(prompt), tuple(tokens), tuple(sampled), numbers.gauss(0, 1), temperature))
    return made


def rows(samples: Sequence[Sample], budget: int = 90, world: World = ALONE) -> list[Pack]:
    """The rows of packed samples that this process trains on in an update, of `budget` tokens at most or one sample."""
    return packs_for(samples, "sequence", 1, budget, world.rank, world.size)


def step(trained: Policy, seed: int, world: World = ALONE, rate: float = RATE, count: int = 7) -> Update:
    """The result of one update on `count` answers drawn with `seed`, at the learning rate `rate`."""
    return trained.update(rows(answers(seed, count), world=world), RULES, rate, None)


def weights(trained: Policy) -> dict[str, torch.Tensor]:
    """Copies of the policy's weights, by name."""
    return {name: tensor.detach().clone() for name, tensor in trained.tensors()}


def largest_difference(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """The largest difference between two sets of weights."""
    assert one.keys() == other.keys()
    return max(float((one[name].float() - other[name].float()).abs().max()) for name in one)


def relative_distance(
    one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], base: dict[str, torch.Tensor]
) -> float:
    """The distance between two sets of weights, divided by the distance of the first from the base.

    Single weights say little: Adam's first steps are as long for a gradient of rounding errors as for any other.
    """
    assert one.keys() == other.keys() == base.keys()

    def distance(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
        return sum(float((first[name].double() - second[name].double()).square().sum()) for name in first) ** 0.5

    return distance(one, other) / distance(one, base)


def start(work: str, processes: int, base: Path, out: Path) -> Any:
    """The list that the first process wrote, after `processes` processes did the work."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    arguments = [*(launcher if processes > 1 else ()), "-m", "tests.trainer.policies", work, str(base), str(out)]
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return torch.load(out, weights_only=False)


def two_updates(base: Path, world: World) -> dict[str, Any]:
    """Weights and results of two updates in plain torch, the second with an empty row in some process."""
    trained = policy(base, world=world)
    records = [step(trained, 1, world), step(trained, 2, world, count=2)]
    return {"weights": weights(trained), "updates": records}


def deepspeed_policy(base: Path, world: World, zero: int, **changed: Any) -> Policy:
    """A DeepSpeed policy from the checkpoint `base`, with this stage of ZeRO."""
    from trainer.policy.deepspeed_policy import DeepSpeedPolicy

    setup = PolicySetup(base, settings(zero=zero, **changed), Optimiser(weight_decay=0.01), world, True)
    return DeepSpeedPolicy(setup)


Kind = tuple[tuple[str, Any], ...]
"""Names and values of a DeepSpeed policy's settings."""

KINDS: list[Kind] = [
    *((("zero", zero),) for zero in range(4)),
    (("zero", 2), ("lora_rank", 4)),
    (("zero", 3), ("lora_rank", 4), ("gradient_checkpointing", True)),
    (("zero", 3), ("gradient_checkpointing", True), ("dtype", "bfloat16")),
]


def zero_stages(base: Path, world: World) -> dict[Kind, dict[str, Any]]:
    """Results by kind: two updates, one that must be skipped, a checkpoint, one more update, and that update once more
    after loading the checkpoint.
    """
    from trainer.policy import deepspeed_policy as module

    # So small that some weights are larger than a message and a row's logits come in pieces, as in large models.
    module._BUCKET = 20_000
    scorer._LOGITS_AT_ONCE = 16 * 259
    found = {}
    for number, kind in enumerate(KINDS):
        trained = deepspeed_policy(base, world, **dict(kind))
        logprobs = trained.logprobs(rows(answers(1), world=world))
        updates = [step(trained, 1, world), step(trained, 2, world, count=2)]
        changed = weights(trained)
        spoiled = rows(answers(3), world=world)
        if world.rank == world.size - 1:
            spoiled[0].advantages[0] = math.nan
        updates.append(trained.update(spoiled, RULES, RATE, None))
        skipped = weights(trained)
        saved = base.parent / f"saved-{world.size}-{number}"
        world.share(lambda saved=saved: saved.mkdir())  # type: ignore[misc]
        trained.save(saved)
        updates.append(step(trained, 4, world))
        after = weights(trained)
        trained.close()
        again = deepspeed_policy(base, world, **dict(kind))
        again.load(saved)
        updates.append(step(again, 4, world))
        found[kind] = {
            "logprobs": logprobs,
            "updates": updates,
            "weights": changed,
            "skipped": skipped,
            "after": after,
            "again": weights(again),
            "saved": saved,
        }
        again.close()
    return found


def refusals(base: Path, world: World) -> list[str]:
    """Error messages of `load` for: another stage, more processes, another stage with adapters, no saved policy."""
    said = []
    trained = deepspeed_policy(base, world, 1)
    for saved in ("saved-1-2", "saved-2-1", "saved-1-4", base.name):
        try:
            trained.load(base.parent / saved)
        except TrainerError as error:
            said.append(str(error).removeprefix(str(base.parent / saved)))
    return said


def main(work: str, base: Path, out: Path) -> None:
    """Do the work that `work` names, in this process; the first process writes the results to `out`."""
    from trainer.distributed.world import join_world

    torch.set_num_threads(1)
    with join_world("cpu") as world:
        result = [globals()[part](base, world) for part in work.split(",")]
        if world.rank == 0:
            torch.save(result, out)
        world.wait()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
