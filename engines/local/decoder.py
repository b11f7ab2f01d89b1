"""Continuous batching: each step draws one token per row; rows are added and removed between steps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Generic

import numpy as np
import torch

from engines.local.model import C, LanguageModel
from engines.local.rows import Row
from engines.local.sampler import Parameters, sample, uniform

_PREFILL_TOKENS = 8192


class Decoder(Generic[C]):
    """A batch of rows (samples) over one cache of keys and values.

    Rows are padded on the left, so that the next token of each has the same position in the cache.
    """

    def __init__(self, model: LanguageModel[C]) -> None:
        self._model = model
        self.clear()

    def clear(self) -> None:
        """Remove all rows and their cache; works in any state that a failure may have left."""
        device = self._model.device
        self._rows: list[Row] = []
        self._cache = self._model.new_cache()
        self._width = 0
        self._lengths = torch.zeros(0, dtype=torch.long, device=device)
        self._next = torch.zeros(0, dtype=torch.long, device=device)

    @property
    def rows(self) -> list[Row]:
        """The unfinished rows."""
        return [row for row in self._rows if row.finish is None]

    def drop(self, rows: Sequence[Row]) -> None:
        """Remove these rows."""
        dropped = set(map(id, rows))
        self._keep([place for place, row in enumerate(self._rows) if id(row) not in dropped])

    @torch.inference_mode()
    def admit(self, rows: Sequence[Row]) -> None:
        """Prefill each distinct prompt once, share it among its rows, and draw their first tokens."""
        prompts = [list(group) for _, group in groupby(rows, key=lambda row: id(row.prompt))]
        while prompts:
            count, longest = 0, 0
            for group in prompts:
                longest = max(longest, len(group[0].prompt))
                if count and longest * (count + 1) > _PREFILL_TOKENS:
                    break
                count += 1
            self._prefill(prompts[:count])
            prompts = prompts[count:]

    def _prefill(self, groups: list[list[Row]]) -> None:
        device = self._model.device
        longest = max(len(group[0].prompt) for group in groups)
        padded = [[0] * (longest - len(group[0].prompt)) + group[0].prompt for group in groups]
        ids = torch.tensor(padded, device=device)
        lengths = torch.tensor([len(group[0].prompt) for group in groups], device=device)
        valid = _valid(lengths, longest)
        positions = (valid.cumsum(1) - 1).clamp_(min=0)
        cache = self._model.new_cache()
        logits = self._model.forward(ids, valid, positions, cache)
        fan_out = torch.tensor([place for place, group in enumerate(groups) for _ in group], device=device)
        rows = [row for group in groups for row in group]
        tokens = self._draw(logits[fan_out], rows)
        self._cache.join(cache, fan_out)
        self._width = max(self._width, longest)
        self._lengths = torch.cat([self._lengths, lengths[fan_out]])
        self._next = torch.cat([self._next, tokens])
        self._rows = self._rows + rows
        self._compose()

    @torch.inference_mode()
    def step(self) -> None:
        """Draw one more token for every unfinished row."""
        if sum(row.finish is not None for row in self._rows) * 4 >= len(self._rows):
            self._keep([place for place, row in enumerate(self._rows) if row.finish is None])
        if not self._rows:
            return
        positions = self._lengths[:, None]
        self._width, self._lengths = self._width + 1, self._lengths + 1
        valid = _valid(self._lengths, self._width)
        logits = self._model.forward(self._next[:, None], valid, positions, self._cache)
        self._next = self._draw(logits, self._rows, self._parameters)

    def _draw(self, logits: torch.Tensor, rows: list[Row], parameters: Parameters | None = None) -> torch.Tensor:
        """The next tokens (B,), drawn from logits (B, V) and appended to the unfinished rows."""
        device = self._model.device
        parameters = parameters or Parameters.of([row.sampling for row in rows], device)
        seeds = np.array([row.seed for row in rows], dtype=np.uint64)
        steps = np.array([len(row.token_ids) for row in rows], dtype=np.uint64)
        tokens, logprobs = sample(logits, parameters, torch.from_numpy(uniform(seeds, steps)).to(device))
        for row, token, logprob in zip(rows, tokens.tolist(), logprobs.tolist(), strict=True):
            if row.finish is None:
                row.push(token, logprob)
        return tokens

    @torch.inference_mode()
    def _keep(self, places: list[int]) -> None:
        if len(places) == len(self._rows):
            return
        if not places:
            self.clear()
            return
        gaps, last = set(range(len(places))).difference(places), [place for place in places if place >= len(places)]
        order = list(range(len(places)))
        for gap, place in zip(sorted(gaps), last, strict=True):
            order[gap] = place
        self._rows = [self._rows[place] for place in order]
        index = torch.tensor(order, device=self._model.device)
        self._cache.keep(index)
        self._lengths, self._next = self._lengths[index], self._next[index]
        # Drop the positions that are padding in every remaining row.
        longest = int(self._lengths.max())
        if longest < self._width:
            self._cache.trim(self._width - longest)
            self._width = longest
        self._compose()

    def _compose(self) -> None:
        self._parameters = Parameters.of([row.sampling for row in self._rows], self._model.device)


def _valid(lengths: torch.Tensor, width: int) -> torch.Tensor:
    """Mask (B, width) of the positions that hold tokens: the last `lengths[i]` of row i."""
    return torch.arange(width, device=lengths.device) >= width - lengths[:, None]
