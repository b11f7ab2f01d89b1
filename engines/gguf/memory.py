"""Estimates how much memory a model needs before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from engines.gguf.header import Header

_BATCH = 512
"""Tokens that llama.cpp computes at once (its `n_ubatch`)."""
_FIXED_BYTES = 150 << 20
"""Bytes of code, tables of the vocabulary, and buffers whose size hardly depends on the model."""


@dataclass(frozen=True)
class Need:
    """Estimated bytes of memory."""

    weights: int
    cache: int
    """Keys and values of all samples."""
    work: int
    """Activations of a batch, logits, vocabulary."""

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.weights + self.cache + self.work


def estimate(header: Header, file_bytes: int, parallel: int, context: int) -> Need:
    """The memory that a model needs for `parallel` samples of `context` tokens each."""
    width = max(header.number("embedding_length"), header.number("feed_forward_length"))
    logits = 4 * header.vocabulary * max(parallel, 1)
    activations = 4 * _BATCH * (3 * width + context * header.number("attention.head_count", 1) // 8)
    cache = header.cache_bytes_per_token() * parallel * context
    return Need(file_bytes, cache, _FIXED_BYTES + logits + activations)
