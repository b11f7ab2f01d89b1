"""The language model that a decoder steps, and its cache."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

import torch


class Cache(Protocol):
    """Keys and values of B rows over T positions. Rows shorter than T are padded on the left."""

    def keep(self, rows: torch.Tensor) -> None:
        """Row i becomes row `rows[i]` (B',), which is i itself or B' and more: the last rows fill the gaps."""

    def join(self, other: Self, rows: torch.Tensor) -> None:
        """Append the other's rows of the index `rows`, in its order and with repetitions, padded on the left.

        Where the other's are longer, this cache's are padded.
        """

    def trim(self, positions: int) -> None:
        """Drop the first positions of every row."""


C = TypeVar("C", bound=Cache)


class LanguageModel(Protocol[C]):
    """A causal language model ready to be decoded."""

    device: torch.device
    context: int
    """Most positions the model was built for: prompt and completion together."""
    vocabulary: int

    def new_cache(self) -> C:
        """An empty cache."""

    def forward(self, ids: torch.Tensor, valid: torch.Tensor, positions: torch.Tensor, cache: C) -> torch.Tensor:
        """Logits (B, V) after the last of the tokens `ids` (B, S), whose keys and values are appended to the cache.

        valid (B, T + S) is False where a cached or new position is padding; positions (B, S) counts real tokens.
        """

    def weights(self) -> dict[str, torch.Tensor]:
        """The tensors that `forward` reads, by their names in the checkpoint; tied ones share their memory."""

    def sleep(self) -> None:
        """Give the device's memory back, keeping the weights."""

    def wake(self) -> None:
        """Undo `sleep`."""
