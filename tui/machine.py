"""What can be used on this machine, found in the background: models, a sandbox, the repository one stands in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.models.choices import Choice


@dataclass(frozen=True)
class Solver:
    """The models that a solve would ask, by the settings of files and variables."""

    model: str
    """Name of the model, or those of coder and tester."""
    is_named: bool
    """Whether a file or a variable names it; else it is the bundled one, which knows few problems."""


def configured(model: str | None) -> Solver:
    """The model that a solve would ask; `model` is the one that the command line names, if it does.

    Raises SettingsError where the settings are wrong.
    """
    from settings.gather import gather
    from settings.layers import layer

    given = {} if model is None else {"solve": layer({"model": model}, "--model")}
    options = gather(["solve"], given, ["CURE_AGENT_SOLVE"])["solve"].value
    roles = dict.fromkeys((options.coder or options.model, options.tester or options.model))
    return Solver(
        " and ".join(roles), "model" in options.model_fields_set or None not in (options.coder, options.tester)
    )


@dataclass(frozen=True)
class Isolation:
    """What runs the programs."""

    works: bool
    words: str
    """The sandbox that is used; without one, how to get one."""


async def models_here() -> list[Choice]:
    """The models that can be used here, running servers first."""
    from agent.models.choices import choices, with_ports

    return await choices(with_ports(()))


async def sandbox_here() -> Isolation:
    """What runs the programs here."""
    from sandbox import probe

    statuses = await probe()
    for status in statuses:
        if status.usable:
            return Isolation(True, status.name)
    return Isolation(False, "; ".join(status.remedy for status in statuses if status.remedy) or "none works here")


def repository_here(folder: Path) -> Path | None:
    """The git repository that holds the folder; None outside one."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)
