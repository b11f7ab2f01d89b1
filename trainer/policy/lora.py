"""Low-rank adapters (LoRA, arXiv 2106.09685): y = W x + b + 2 B A x, with W frozen, A and B of a small rank trained.

Every linear layer except the output layer has an adapter. B starts at zero, so training starts at the base model. With
the adapters switched off the model is the base, so the KL divergence needs no second copy of the base. Left out:
dropout, a scale to choose (it is 2, as alpha = 2 r is customary), different ranks for different layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional

SCALE = 2.0
_MARK = ".lora_"


class AdaptedLinear(torch.nn.Linear):
    """A linear layer with an adapter. Weight and bias are those of the layer it replaces, under the same names."""

    def __init__(self, layer: torch.nn.Linear, rank: int, generator: torch.Generator) -> None:
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        place, dtype = layer.weight.device, layer.weight.dtype
        # Drawn on the CPU, so that every device and every process has equal numbers.
        bound = 1 / math.sqrt(layer.in_features)
        first = torch.empty(rank, layer.in_features).uniform_(-bound, bound, generator=generator)
        self.lora_a = torch.nn.Parameter(first.to(place, dtype))  # (rank, in)
        self.lora_b = torch.nn.Parameter(
            torch.zeros(layer.out_features, rank, device=place, dtype=dtype)
        )  # (out, rank)
        self.adapted = True
        self.train(layer.training)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 (the name in torch)
        """Outputs (..., out) of inputs (..., in), the adapter's contribution included while it is switched on."""
        out = super().forward(input)
        if not self.adapted:
            return out
        return out + SCALE * functional.linear(functional.linear(input, self.lora_a), self.lora_b)


def adapt(model: Any, rank: int) -> None:
    """Freeze the model and add adapters of this rank to its linear layers, except the output layer."""
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    head = model.get_output_embeddings()
    layers = [
        (name, layer) for name, layer in model.named_modules() if type(layer) is torch.nn.Linear and layer is not head
    ]
    for name, layer in layers:
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, AdaptedLinear(layer, rank, generator))


@contextmanager
def adapters_off(model: torch.nn.Module) -> Iterator[None]:
    """A context in which the model computes as the base does."""
    adapted = [layer for layer in model.modules() if isinstance(layer, AdaptedLinear)]
    for layer in adapted:
        layer.adapted = False
    try:
        yield
    finally:
        for layer in adapted:
            layer.adapted = True


def is_adapter(name: str) -> bool:
    """Whether a parameter of this name belongs to an adapter."""
    return _MARK in name


def merged(weight: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The weight (out, in) of a plain layer that computes what `weight` and its adapter do: W + 2 B A."""
    return weight + SCALE * (second @ first)


def adapter_of(model: torch.nn.Module, name: str) -> tuple[torch.nn.Parameter, torch.nn.Parameter] | None:
    """The adapter A (rank, in), B (out, rank) of the weight `name`; None for a weight without an adapter."""
    parent, _, child = name.rpartition(".")
    layer = model.get_submodule(parent)
    return (layer.lora_a, layer.lora_b) if child == "weight" and isinstance(layer, AdaptedLinear) else None
