"""Adapts causal language models of the transformers library to the decoder's LanguageModel protocol."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, cast

import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer
from transformers.utils import logging

from engines.errors import EngineError

_SMALL = 2_000_000_000


class TransformersCache:
    """A DynamicCache whose rows can be chosen and joined, and whose first positions can be dropped.

    Every layer keeps all positions, even in models with sliding windows: the attention masks of these models hide the
    positions outside the window.
    """

    def __init__(self) -> None:
        self.inner = DynamicCache()

    def _layers(self) -> list[tuple[DynamicLayer, torch.Tensor, torch.Tensor]]:
        layers = [cast(DynamicLayer, layer) for layer in self.inner.layers]
        return [(layer, cast(torch.Tensor, layer.keys), cast(torch.Tensor, layer.values)) for layer in layers]

    def keep(self, rows: torch.Tensor) -> None:
        """Keep these rows, in this order."""
        for layer, keys, values in self._layers():
            layer.keys, layer.values = keys.index_select(0, rows), values.index_select(0, rows)

    def join(self, other: TransformersCache, rows: torch.Tensor) -> None:
        """Append these rows of the other cache; the rows of the shorter cache are padded on the left."""
        other.keep(rows)
        if not self.inner.layers:
            self.inner = other.inner
            return
        for (layer, *own), (_, *added) in zip(self._layers(), other._layers(), strict=True):
            longest = max(own[0].shape[2], added[0].shape[2])
            layer.keys, layer.values = (
                torch.cat([functional.pad(part, (0, 0, longest - part.shape[2], 0)) for part in parts])
                for parts in zip(own, added, strict=True)
            )

    def trim(self, positions: int) -> None:
        """Drop the first `positions` positions."""
        for layer, keys, values in self._layers():
            layer.keys, layer.values = keys[:, :, positions:], values[:, :, positions:]


class TransformersModel:
    """A LanguageModel over `AutoModelForCausalLM`; raises EngineError where the decoder cannot run the model."""

    def __init__(self, spec: str, directory: Path, device: torch.device) -> None:
        quiet: Any = logging
        quiet.set_verbosity_error()
        quiet.disable_progress_bar()
        config = AutoConfig.from_pretrained(directory, local_files_only=True)
        kinds = {type(layer) for layer in DynamicCache(config=config).layers}
        if not kinds <= {DynamicLayer, DynamicSlidingWindowLayer}:
            raise EngineError(
                f"{spec} has a cache that holds more than keys and values ({config.model_type}), which this engine "
                f"cannot batch; serve it with `vllm serve` and use http://HOST:8000/v1"
            )
        model: Any = AutoModelForCausalLM.from_pretrained(directory, config=config, dtype="auto", local_files_only=True)
        # Half precision is slow on most CPUs, so a model small enough for memory is run in single precision there.
        if device.type == "cpu" and model.num_parameters() <= _SMALL:
            model = model.float()
        self._model = model.to(device).eval()
        accepted = inspect.signature(self._model.forward).parameters
        self._positions = "position_ids" in accepted
        self._last = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}
        text = config.get_text_config()
        self.device = device
        self.context = int(getattr(text, "max_position_embeddings", 0) or 2**31)
        self.vocabulary = int(text.vocab_size)

    def new_cache(self) -> TransformersCache:
        """An empty cache."""
        return TransformersCache()

    def forward(
        self, ids: torch.Tensor, valid: torch.Tensor, positions: torch.Tensor, cache: TransformersCache
    ) -> torch.Tensor:
        """Logits (B, V) after the last token; see LanguageModel."""
        where = {"position_ids": positions} if self._positions else {}
        out = self._model(
            input_ids=ids,
            attention_mask=valid.long(),
            past_key_values=cache.inner,
            use_cache=True,
            **where,
            **self._last,
        )
        return cast(torch.Tensor, out.logits[:, -1])

    def weights(self) -> dict[str, torch.Tensor]:
        """The model's parameters and persistent buffers, under transformers' names for them."""
        return cast("dict[str, torch.Tensor]", self._model.state_dict())

    def sleep(self) -> None:
        """Move the weights to the host's memory."""
        if self.device.type == "cuda":
            self._model.to("cpu")
            torch.cuda.empty_cache()

    def wake(self) -> None:
        """Move the weights back to the device."""
        self._model.to(self.device)
