"""Protocols of the language model that a decoder calls, and of its cache of keys and values."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

import torch


class Cache(Protocol):
    """Keys and values of B rows over T positions. Rows shorter than T are padded on the left."""

    def keep(self, rows: torch.Tensor) -> None:
        """Keep B' rows: the new row i is the old row `rows[i]`; `rows` is (B',).

        `rows[i]` is i, or at least B' where a row from the end takes the place of a removed row.
        """

    def join(self, other: Self, rows: torch.Tensor) -> None:
        """Append the rows `rows` of `other`, in this order; an index may repeat.

        The rows of the shorter cache are padded on the left. `other` may be changed and must not be used afterwards.
        """

    def trim(self, positions: int) -> None:
        """Drop the first `positions` positions of every row."""


C = TypeVar("C", bound=Cache)


class LanguageModel(Protocol[C]):
    """A causal language model ready to be decoded."""

    device: torch.device
    context: int
    """Maximum number of positions the model was built for: prompt and completion together."""
    vocabulary: int

    def new_cache(self) -> C:
        """An empty cache."""

    def forward(self, ids: torch.Tensor, valid: torch.Tensor, positions: torch.Tensor, cache: C) -> torch.Tensor:
        """Logits (B, V) after the last of the tokens `ids` (B, S), whose keys and values are appended to the cache.

        valid (B, T + S) is False where a cached or new position is padding; positions (B, S) are those of the
        tokens in their sequence, without padding.
        """

    def weights(self) -> dict[str, torch.Tensor]:
        """The tensors that `forward` reads, by their names in the checkpoint; tied ones share their memory."""

    def sleep(self) -> None:
        """Release the device's memory but keep the weights."""

    def wake(self) -> None:
        """Undo `sleep`."""
