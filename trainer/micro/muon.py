"""Muon for the hidden matrices: the update's direction is the momentum, orthogonalised by a Newton-Schulz iteration.

It follows Keller Jordan's description (kellerjordan.github.io/posts/muon), with Nesterov momentum, in float32: torch's
own Muon works in bfloat16, for which many CPUs have no units. Left out: momentum without Nesterov, distribution over
processes, batches of matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

_A, _B, _C = 3.4445, -4.7750, 2.0315
_ROUNDS = 5


class Muon(torch.optim.Optimizer):
    """The optimizer. `lr` is about the root mean square of an update's entries; every parameter must be a matrix."""

    def __init__(self, matrices: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]  # one overload
        """The loss that `closure` computes, None without `closure`. Updates every matrix that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                buffer = state.setdefault("momentum", torch.zeros_like(matrix))
                buffer.lerp_(matrix.grad, 1 - group["momentum"])
                direction = orthogonal(matrix.grad.lerp(buffer, group["momentum"]))
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(direction, alpha=-group["lr"] * max(matrix.shape) ** 0.5)
        return loss


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """About the nearest matrix (rows, columns) with orthonormal rows or columns.

    Singular values become about 0.7 to 1.2, except that very small ones stay smaller.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x.T if tall else x
