"""Attention over packed rows, registered with transformers under names of our own.

A row needs no mask: answers are told apart by `bounds`. `padded` lays them out as a batch inside attention only, where
right padding under a causal mask touches nothing; it is the fast way on CPUs, where masked attention over a whole row
is quadratic in the row. `varlen` is the FlashAttention in torch (CUDA). transformers' own `sdpa` and
`flash_attention_N` take the same rows.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from trainer.errors import TrainerError
from trainer.update.pack import Pack

PADDED = "cure_padded"
VARLEN = "cure_varlen"


def implementation(wanted: str, device: torch.device) -> str:
    """The name transformers knows this attention by; registers ours. TrainerError where it cannot be had."""
    from transformers import AttentionInterface

    register: Any = AttentionInterface.register
    register(PADDED, padded)
    if wanted == "auto":
        wanted = "padded" if device.type == "cpu" else "varlen" if _has_varlen() else "sdpa"
    if wanted == "padded":
        return PADDED
    if wanted == "varlen":
        if not _has_varlen() or device.type != "cuda":
            raise TrainerError("train.attention = varlen needs a CUDA GPU and torch 2.10 or newer; try sdpa or padded")
        register(VARLEN, varlen)
        return VARLEN
    return wanted


def arguments(pack: Pack, name: str, device: torch.device) -> dict[str, Any]:
    """What the attention called `name` must be told about a row, as keyword arguments of the model."""
    if name == PADDED:
        lengths = np.diff(pack.bounds)
        offsets = np.arange(int(lengths.max()))
        inside = offsets[None, :] < lengths[:, None]
        pad = np.where(inside, pack.bounds[:-1, None] + offsets[None, :], 0)
        return {
            "pad_index": torch.from_numpy(pad).to(device),
            "unpad_index": torch.from_numpy(np.flatnonzero(inside)).to(device),
        }
    if name == "sdpa":
        return {}
    bounds = torch.from_numpy(pack.bounds.astype(np.int32)).to(device)
    longest = int(np.diff(pack.bounds).max())
    return {"cu_seq_lens_q": bounds, "cu_seq_lens_k": bounds, "max_length_q": longest, "max_length_k": longest}


def padded(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    *,
    pad_index: torch.Tensor,
    unpad_index: torch.Tensor,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention (1, T, H, D) of queries (1, H, T, D) and keys and values (1, h, T, D).

    pad_index (S, L) says which token stands where in the batch; unpad_index (T,) where each token is found again.
    """
    queries, keys, values = (part[0][:, pad_index].transpose(0, 1) for part in (query, key, value))  # (S, heads, L, D)
    grouped = query.shape[1] != key.shape[1]
    out = functional.scaled_dot_product_attention(
        queries, keys, values, dropout_p=dropout, is_causal=True, scale=scaling, enable_gqa=grouped
    )
    return out.transpose(1, 2).flatten(0, 1)[unpad_index].unsqueeze(0), None


def varlen(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _mask: torch.Tensor | None,
    scaling: float | None = None,
    *,
    cu_seq_lens_q: torch.Tensor,
    max_length_q: int,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention (1, T, H, D) of queries (1, H, T, D), keys and values (1, h, T, D), answers apart by their bounds."""
    from torch.nn.attention.varlen import varlen_attn

    attend: Any = varlen_attn
    names = inspect.signature(attend).parameters
    rows = [part[0].transpose(0, 1) for part in (query, key, value)]  # (T, heads, D)
    options: dict[str, Any] = {"is_causal": True} if "is_causal" in names else {"window_size": (-1, 0)}
    if scaling is not None and "scale" in names:
        options["scale"] = scaling
    if query.shape[1] != key.shape[1]:
        if "enable_gqa" in names:
            options["enable_gqa"] = True
        else:
            group = query.shape[1] // key.shape[1]
            rows[1:] = [part.repeat_interleave(group, dim=1) for part in rows[1:]]
    out: torch.Tensor = attend(*rows, cu_seq_lens_q, cu_seq_lens_q, max_length_q, max_length_q, **options)
    return out.unsqueeze(0), None


def _has_varlen() -> bool:
    try:
        from torch.nn.attention import varlen as module
    except ImportError:
        return False
    return hasattr(module, "varlen_attn")
