"""New weights for a model that stays where it is: checked as a whole first, then copied in place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import torch

from engines.errors import EngineError


def stage(weights: Mapping[str, torch.Tensor], tensors: Iterable[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Copies of the tensors by name, in the weights' dtypes and on their devices: all that `assign` needs.

    Raises EngineError for a name that is unknown or comes twice, a shape that differs, a weight that is missing, and
    tied weights that are told apart. Of weights that share memory one is enough. Each tensor is copied before the next
    is asked for, since a trainer may gather one parameter at a time.
    """
    staged: dict[str, torch.Tensor] = {}
    for name, tensor in tensors:
        if name not in weights:
            near = difflib.get_close_matches(name, weights, n=1)
            raise EngineError(f"the model has no weight {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        if name in staged:
            raise EngineError(f"weight {name!r} came twice")
        if tensor.shape != weights[name].shape:
            raise EngineError(f"weight {name!r} has shape {_sizes(tensor)}, the model's has {_sizes(weights[name])}")
        staged[name] = tensor.detach().to(weights[name].device, weights[name].dtype, copy=True)
    groups: dict[tuple[int, torch.Size], list[str]] = {}
    for name, weight in weights.items():
        groups.setdefault((weight.data_ptr(), weight.shape), []).append(name)
    missing = [names[0] for names in groups.values() if not any(name in staged for name in names)]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise EngineError(f"weight {missing[0]!r}{more} did not come")
    for names in groups.values():
        first, *others = [name for name in names if name in staged]
        if different := [name for name in others if not torch.equal(staged[name], staged[first])]:
            raise EngineError(f"{first!r} and {different[0]!r} are one weight of this model, but came with two values")
    return staged


def assign(weights: Mapping[str, torch.Tensor], staged: Mapping[str, torch.Tensor]) -> None:
    """Copy what was staged into the weights."""
    with torch.no_grad():
        for name, tensor in staged.items():
            weights[name].copy_(tensor)


def _sizes(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "of a single number"
