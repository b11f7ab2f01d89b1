"""Small Qwen2 and Qwen3 models in plain torch, with the results of transformers but without importing it.

For a model of a few million parameters that import takes longer than sampling all programs of a problem. Not supported
are sliding windows, RoPE scaling, sharded or quantised weights, and more than 100 MB of weights; such checkpoints go to
`transformers_model`.
Follows transformers' models/qwen2/modeling_qwen2.py and models/qwen3/modeling_qwen3.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn import functional

_GROW = 128
_MOST_BYTES = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes of a checkpoint, read from its config.json."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    rope_theta: float
    epsilon: float
    vocabulary: int
    tied: bool


def supported(directory: Path) -> Shape | None:
    """The shape of the checkpoint in the directory if this module can run it, else None."""
    config_file, weights = directory / "config.json", directory / "model.safetensors"
    if not config_file.is_file() or not weights.is_file() or weights.stat().st_size > _MOST_BYTES:
        return None
    config: dict[str, Any] = json.loads(config_file.read_text(encoding="utf-8"))
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    plain = (
        config.get("model_type") in ("qwen2", "qwen3")
        and config.get("hidden_act", "silu") == "silu"
        and not config.get("use_sliding_window")
        and rope.get("rope_type", rope.get("type", "default")) == "default"
        and "quantization_config" not in config
    )
    if not plain:
        return None
    heads = config["num_attention_heads"]
    return Shape(
        layers=config["num_hidden_layers"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or config["hidden_size"] // heads,
        hidden=config["hidden_size"],
        context=config.get("max_position_embeddings", 32768),
        rope_theta=rope.get("rope_theta") or config.get("rope_theta", 10000.0),
        epsilon=config.get("rms_norm_eps", 1e-6),
        vocabulary=config["vocab_size"],
        tied=bool(config.get("tie_word_embeddings")),
    )


class QwenCache:
    """Keys and values (layers, B, kv_heads, T, head_dim): windows of buffers with spare rows and positions.

    Rows are added, removed and lengthened in place; copying all of them at each step would cost as much as attention.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._start = 0
        self._end = 0
        self._both: tuple[torch.Tensor, torch.Tensor] | None = None

    def extend(self, shape: Shape, like: torch.Tensor, new: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Views of keys and values, lengthened by `new` positions for the caller to write.

        `like` gives an empty cache its number of rows, dtype and device.
        """
        if self._both is None:
            self._rows = like.shape[0]
            size = (shape.layers, self._rows, shape.kv_heads, new, shape.head_dim)
            self._both = (like.new_empty(size), like.new_empty(size))
        elif self._end + new > self._both[0].shape[3]:
            self._move(self._both, self._rows, self._end - self._start, new)
        self._end += new
        keys, values = (buffer[:, : self._rows, :, self._start : self._end] for buffer in self._both)
        return keys, values

    def keep(self, rows: torch.Tensor) -> None:
        """Keep B' rows: row `rows[i]` becomes row i. Rows that stay in place are not copied."""
        self._rows = len(rows)
        gaps = (rows != torch.arange(self._rows, device=rows.device)).nonzero().squeeze(1)
        for buffer in self._both or ():
            window = buffer[:, :, :, self._start : self._end]
            window[:, gaps] = window[:, rows[gaps]]

    def join(self, other: QwenCache, rows: torch.Tensor) -> None:
        """Append these rows of the other cache; the shorter of the two is padded on the left."""
        assert other._both is not None
        length, count = other._end - other._start, self._rows + len(rows)
        longest = max(length, self._end - self._start)
        if self._both is None or count > self._both[0].shape[1] or longest > self._end:
            self._move(self._both or other._both, count, longest, 0)
        padded = self._end - longest
        for buffer, others in zip(self._both or (), other._both, strict=True):
            # Stale values of earlier rows are masked, but a NaN would pass through the mask.
            buffer[:, : self._rows, :, padded : self._start] = 0
            buffer[:, self._rows : count, :, padded : self._end - length] = 0
            buffer[:, self._rows : count, :, self._end - length : self._end] = others[
                :, :, :, other._start : other._end
            ].index_select(1, rows)
        self._start, self._rows = padded, count

    def trim(self, positions: int) -> None:
        """Drop this many positions from the beginning."""
        self._start += positions

    def _move(self, like: tuple[torch.Tensor, torch.Tensor], rows: int, length: int, new: int) -> None:
        """Move the window to larger buffers: it ends at `length`, followed by `new` and some spare positions."""
        layers, places, kv_heads, _, head_dim = like[0].shape
        rows = max(rows, places if self._both else 0)
        both = tuple(old.new_empty(layers, rows, kv_heads, length + new + _GROW, head_dim) for old in like)
        start = length - (self._end - self._start)
        for buffer, old in zip(both, self._both or (), strict=False):
            buffer[:, : self._rows, :, start:length] = old[:, : self._rows, :, self._start : self._end]
        self._both, self._start, self._end = (both[0], both[1]), start, length


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """Weights of one layer: H query heads, K key-value heads, head size D, hidden size E, MLP size M.

    Biases and norms that the checkpoint lacks are None: usually the biases in Qwen3, q_norm and k_norm in Qwen2.
    """

    qkv: torch.Tensor  # ((H + 2K) D, E)
    qkv_bias: torch.Tensor | None  # ((H + 2K) D,)
    q_norm: torch.Tensor | None  # (D,)
    k_norm: torch.Tensor | None  # (D,)
    out: torch.Tensor  # (E, H D)
    gate_up: torch.Tensor  # (2M, E)
    down: torch.Tensor  # (E, M)
    norm_in: torch.Tensor  # (E,)
    norm_mlp: torch.Tensor  # (E,)


class Qwen:
    """A LanguageModel over a checkpoint that `supported` accepts."""

    def __init__(self, directory: Path, shape: Shape, device: torch.device) -> None:
        weights = load_file(directory / "model.safetensors", device=str(device))
        weights = {name: tensor.float() for name, tensor in weights.items()}
        self.device = device
        self.context = shape.context
        self.vocabulary = shape.vocabulary
        self._shape = shape
        self._layers = [_layer(weights, f"model.layers.{number}.") for number in range(shape.layers)]
        self._embedding = weights["model.embed_tokens.weight"]
        self._norm = weights["model.norm.weight"]
        self._head = self._embedding if shape.tied else weights["lm_head.weight"]
        self._weights = {
            "model.embed_tokens.weight": self._embedding,
            "model.norm.weight": self._norm,
            "lm_head.weight": self._head,
        }
        for number, layer in enumerate(self._layers):
            self._weights |= _weights(layer, shape, f"model.layers.{number}.")
        frequencies = shape.rope_theta ** -(torch.arange(0, shape.head_dim, 2, device=device) / shape.head_dim)
        self._frequencies = torch.cat([frequencies, frequencies])

    def new_cache(self) -> QwenCache:
        """An empty cache."""
        return QwenCache()

    def forward(
        self, ids: torch.Tensor, valid: torch.Tensor, positions: torch.Tensor, cache: QwenCache
    ) -> torch.Tensor:
        """Logits (B, V) after the last token; see LanguageModel."""
        shape = self._shape
        x = self._embedding[ids]
        angles = (positions.unsqueeze(-1) * self._frequencies).unsqueeze(2)
        cosine, sine = angles.cos(), angles.sin()
        mask = _mask(valid, ids.shape[1], shape.heads // shape.kv_heads)
        new = ids.shape[1]
        keys, values = cache.extend(shape, x, new)
        for layer, key, value in zip(self._layers, keys, values, strict=True):
            query, key[:, :, -new:], value[:, :, -new:] = self._project(layer, x, cosine, sine)
            seen = functional.scaled_dot_product_attention(query, key, value, mask)
            # (B, kv, group * S, D) -> (B, S, kv * group * D)
            seen = seen.reshape(*seen.shape[:2], -1, new, shape.head_dim).permute(0, 3, 1, 2, 4).flatten(2)
            x = x + functional.linear(seen, layer.out)
            h = functional.rms_norm(x, (shape.hidden,), layer.norm_mlp, shape.epsilon)
            gate, up = functional.linear(h, layer.gate_up).chunk(2, -1)
            x = x + functional.linear(functional.silu(gate) * up, layer.down)
        return functional.linear(functional.rms_norm(x[:, -1], (shape.hidden,), self._norm, shape.epsilon), self._head)

    def weights(self) -> dict[str, torch.Tensor]:
        """The weights by their names in the checkpoint; parts of a fused tensor are views of it."""
        return self._weights

    def sleep(self) -> None:
        """Do nothing: the weights are small, and keys and values are freed with their rows."""

    def wake(self) -> None:
        """Do nothing, like `sleep`."""

    def _project(
        self, layer: _Layer, x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries (B, kv, group * S, D), keys and values (B, kv, S, D): the heads of a group share keys and values."""
        shape = self._shape
        h = functional.rms_norm(x, (shape.hidden,), layer.norm_in, shape.epsilon)
        heads = functional.linear(h, layer.qkv, layer.qkv_bias)
        heads = heads.view(*x.shape[:2], -1, shape.head_dim)  # (B, S, heads, D)
        turned, value = heads.tensor_split([shape.heads + shape.kv_heads], dim=2)
        if layer.q_norm is not None and layer.k_norm is not None:
            query, key = turned.tensor_split([shape.heads], dim=2)
            query = functional.rms_norm(query, (shape.head_dim,), layer.q_norm, shape.epsilon)
            turned = torch.cat([query, functional.rms_norm(key, (shape.head_dim,), layer.k_norm, shape.epsilon)], dim=2)
        left, right = turned.chunk(2, -1)
        turned = turned * cosine + torch.cat((-right, left), -1) * sine
        query, key = turned.tensor_split([shape.heads], dim=2)
        query = query.view(*x.shape[:2], shape.kv_heads, -1, shape.head_dim).permute(0, 2, 3, 1, 4).flatten(2, 3)
        return query, key.transpose(1, 2), value.transpose(1, 2)


def _mask(valid: torch.Tensor, new: int, group: int) -> torch.Tensor:
    """0 where a query may attend and -inf elsewhere: (B, 1, 1, T) for one new token, else (B, 1, group * S, T).

    Additive, since scaled_dot_product_attention would convert a boolean mask in every layer.
    """
    if new == 1:
        return _additive(valid[:, None, None, :])
    total = valid.shape[1]
    causal = torch.ones(new, total, dtype=torch.bool, device=valid.device).tril(total - new)
    # A padded query sees itself, so that no row of the softmax is empty.
    own = torch.ones(new, total, dtype=torch.bool, device=valid.device).tril(total - new).triu(total - new)
    seen = (valid[:, None, :] & causal) | own
    return _additive(seen.repeat(1, group, 1).unsqueeze(1))


def _additive(seen: torch.Tensor) -> torch.Tensor:
    return torch.zeros(seen.shape, device=seen.device).masked_fill_(~seen, -torch.inf)


def _layer(weights: dict[str, torch.Tensor], prefix: str) -> _Layer:
    attention, mlp = f"{prefix}self_attn.", f"{prefix}mlp."
    names = [f"{attention}{part}_proj" for part in "qkv"]
    biased = f"{names[0]}.bias" in weights
    return _Layer(
        qkv=torch.cat([weights[f"{name}.weight"] for name in names]),
        qkv_bias=torch.cat([weights[f"{name}.bias"] for name in names]) if biased else None,
        q_norm=weights.get(f"{attention}q_norm.weight"),
        k_norm=weights.get(f"{attention}k_norm.weight"),
        out=weights[f"{attention}o_proj.weight"],
        gate_up=torch.cat([weights[f"{mlp}gate_proj.weight"], weights[f"{mlp}up_proj.weight"]]),
        down=weights[f"{mlp}down_proj.weight"],
        norm_in=weights[f"{prefix}input_layernorm.weight"],
        norm_mlp=weights[f"{prefix}post_attention_layernorm.weight"],
    )


def _weights(layer: _Layer, shape: Shape, prefix: str) -> dict[str, torch.Tensor]:
    attention, mlp = f"{prefix}self_attn.", f"{prefix}mlp."
    found = {
        f"{attention}q_norm.weight": layer.q_norm,
        f"{attention}k_norm.weight": layer.k_norm,
        f"{attention}o_proj.weight": layer.out,
        f"{mlp}down_proj.weight": layer.down,
        f"{prefix}input_layernorm.weight": layer.norm_in,
        f"{prefix}post_attention_layernorm.weight": layer.norm_mlp,
    }
    sizes = [heads * shape.head_dim for heads in (shape.heads, shape.kv_heads, shape.kv_heads)]
    for kind, joined in (("weight", layer.qkv), ("bias", layer.qkv_bias)):
        if joined is not None:
            parts = zip("qkv", torch.split(joined, sizes), strict=True)
            found |= {f"{attention}{part}_proj.{kind}": view for part, view in parts}
    halves = zip(("gate", "up"), layer.gate_up.chunk(2), strict=True)
    found |= {f"{mlp}{part}_proj.weight": view for part, view in halves}
    return {name: tensor for name, tensor in found.items() if tensor is not None}
