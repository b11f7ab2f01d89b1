"""Replaces the weights of a model in place: all new values are checked before the first weight is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from engines.errors import EngineError
from engines.local.misfit import misfit, missing


def stage(weights: Mapping[str, torch.Tensor], tensors: Iterable[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Copies of the tensors by name, in the weights' dtypes and on their devices: all that `assign` needs.

    Raises EngineError for an unknown or repeated name, a wrong shape, a missing weight, and tied weights with different
    values. For weights that share memory, one tensor is enough. Each tensor is copied before the next is requested,
    since a trainer may gather one parameter at a time.
    """
    staged: dict[str, torch.Tensor] = {}
    shapes = {name: weight.shape for name, weight in weights.items()}
    for name, tensor in tensors:
        if problem := misfit(name, tensor.shape, shapes, shapes.keys() - staged.keys()):
            raise EngineError(problem)
        staged[name] = tensor.detach().to(weights[name].device, weights[name].dtype, copy=True)
    groups: dict[tuple[int, torch.Size], list[str]] = {}
    for name, weight in weights.items():
        groups.setdefault((weight.data_ptr(), weight.shape), []).append(name)
    if absent := [names[0] for names in groups.values() if staged.keys().isdisjoint(names)]:
        raise EngineError(missing(absent))
    for names in groups.values():
        first, *others = [name for name in names if name in staged]
        if different := [name for name in others if not torch.equal(staged[name], staged[first])]:
            raise EngineError(
                f"{first!r} and {different[0]!r} are one weight of this model, but different values were given"
            )
    return staged


def assign(weights: Mapping[str, torch.Tensor], staged: Mapping[str, torch.Tensor]) -> None:
    """Copy the staged tensors into the weights."""
    with torch.no_grad():
        for name, tensor in staged.items():
            weights[name].copy_(tensor)
