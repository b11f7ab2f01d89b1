"""Attention over packed rows, registered with transformers under names that begin with `cure_`.

A row needs no mask: `Pack.bounds` says where its samples begin and end. `padded` copies the samples of a row into a
batch for the attention alone; padding on the right does not change results under a causal mask. `padded` is the fastest
on CPUs, where masked attention over a whole row would take time quadratic in the row's length. `varlen` is torch's
FlashAttention for samples of different lengths (CUDA). transformers' own `sdpa` and `flash_attention_N` also take
packed rows.

Shapes: T tokens in the row, S samples, L tokens of the longest sample, H query heads, h key heads, D head size.
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
    """The name in transformers of the attention `wanted`, a value of `train.attention`; registers this module's own.

    Raises TrainerError where this machine or its torch cannot run `varlen`.
    """
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
    """Keyword arguments of the model that tell the attention `name` where the row's samples begin and end.

    Empty for `sdpa`, for which transformers finds the samples by their position ids.
    """
    if name == PADDED:
        lengths = np.diff(pack.bounds)  # (S,)
        offsets = np.arange(int(lengths.max()))
        inside = offsets[None, :] < lengths[:, None]  # (S, L)
        pad = np.where(inside, pack.bounds[:-1, None] + offsets[None, :], 0)  # (S, L)
        return {
            "pad_index": torch.from_numpy(pad).to(device),
            "unpad_index": torch.from_numpy(np.flatnonzero(inside)).to(device),  # (T,)
        }
    if name == "sdpa":
        return {}
    bounds = torch.from_numpy(pack.bounds.astype(np.int32)).to(device)  # (S + 1,)
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
    """Attention (1, T, H, D) of queries (1, H, T, D) over keys and values (1, h, T, D).

    pad_index (S, L) has the index in the row of each token of the batch, unpad_index (T,) the index in the flattened
    batch of each token of the row.
    """
    queries, keys, values = (part[0][:, pad_index].transpose(0, 1) for part in (query, key, value))  # (S, heads, L, D)
    grouped = query.shape[1] != key.shape[1]
    out = functional.scaled_dot_product_attention(
        queries, keys, values, dropout_p=dropout, is_causal=True, scale=scaling, enable_gqa=grouped
    )  # (S, H, L, D)
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
    """Attention (1, T, H, D) of queries (1, H, T, D) over keys and values (1, h, T, D), each sample by itself.

    cu_seq_lens_q is (S + 1,), where samples begin and end.
    """
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
