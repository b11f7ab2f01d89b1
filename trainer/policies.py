"""Opens the policies of a run, loads them from a checkpoint, and saves them to a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from trainer.config import Config
from trainer.distributed.world import World
from trainer.policy.loading import checkpoint_of
from trainer.policy.policy import Policy, PolicySetup
from trainer.record.recorder import Recorder


@contextmanager
def open_policies(config: Config, world: World) -> Iterator[dict[str, Policy]]:
    """A context with the policies by name, with the weights of their base checkpoints; they are closed at the end.

    Raises TrainerError where a checkpoint, or a package that the back end needs, is missing.
    """
    keep_reference = config.loss.kl_weight > 0 or config.loss.measure_kl
    policies: dict[str, Policy] = {}
    with ExitStack() as stack:
        for name, policy in config.policies.items():
            base = checkpoint_of(policy.model)
            policies[name] = _policy(PolicySetup(base, config.train, config.optimiser, world, keep_reference))
            stack.callback(policies[name].close)
        yield policies


def _policy(setup: PolicySetup) -> Policy:
    if setup.train.backend == "deepspeed":
        from trainer.policy.deepspeed_policy import DeepSpeedPolicy

        return DeepSpeedPolicy(setup)
    from trainer.policy.torch_policy import TorchPolicy

    return TorchPolicy(setup)


def load_policies(policies: Mapping[str, Policy], checkpoint: Path | None) -> None:
    """Load the policies from the run's checkpoint; with None, for a new run, they keep their base weights.

    Raises TrainerError where the checkpoint does not fit the configuration.
    """
    if checkpoint is not None:
        for name, policy in policies.items():
            policy.load(directory_of(checkpoint, name, len(policies)))


def save_policies(policies: Mapping[str, Policy], recorder: Recorder, step: int) -> None:
    """Write the checkpoint of a step, whose directory is renamed when complete, then remove old checkpoints."""
    world, directory = recorder.world, recorder.directory
    partial: Path = world.share(lambda: directory.prepare_checkpoint(step))
    for name, policy in policies.items():
        place = directory_of(partial, name, len(policies))
        world.share(lambda place=place: place.mkdir(exist_ok=True))  # type: ignore[misc]
        policy.save(place)
    world.share(lambda: directory.publish_checkpoint(step, recorder.checkpoint_state(step)))
    keep = recorder.config.checkpoints
    world.share(lambda: directory.prune(keep.keep_last, keep.keep_every))


def directory_of(checkpoint: Path, name: str, count: int) -> Path:
    """The directory of a policy in a checkpoint: the checkpoint itself for a single policy, else a folder in it."""
    return checkpoint if count == 1 else checkpoint / name
