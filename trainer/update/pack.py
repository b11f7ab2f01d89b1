"""Rows of packed samples: prompt and answer one after another, many to a row, each with its own positions.

The weight of every trained token is computed here from the whole update, so the loss is a plain weighted sum that does
not depend on how samples are spread over rows and rows over processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Singles = NDArray[np.float32]
Aggregate = Literal["token", "sequence", "constant"]


@dataclass(frozen=True)
class Sample:
    """One answer to train on, with its prompt."""

    prompt: tuple[int, ...]
    """Token ids of the prompt."""
    tokens: tuple[int, ...]
    """Token ids of the answer."""
    logprobs: tuple[float, ...]
    """Log-probability of each token of the answer under the distribution it was sampled from."""
    advantage: float
    temperature: float = 1.0
    """Temperature of the sampling; in training logits are divided by it too."""
    key: str = ""
    """Name of the answer, for error messages."""

    def __post_init__(self) -> None:
        # Without a prompt the first token would be predicted from another answer, which stands before it in the row.
        if not self.prompt or not self.tokens or len(self.tokens) != len(self.logprobs):
            raise ValueError(
                f"a sample needs a prompt, tokens and a log-probability for each, not {len(self.prompt)}, "
                f"{len(self.tokens)} and {len(self.logprobs)} of them ({self.key or 'no key'})"
            )

    @property
    def size(self) -> int:
        """Tokens of prompt and answer."""
        return len(self.prompt) + len(self.tokens)


@dataclass(frozen=True, kw_only=True)
class Pack:
    """One row: T tokens of S samples. The loss is over R of the tokens, called the trained tokens."""

    ids: Integers
    """(T,) token ids."""
    positions: Integers
    """(T,) positions, counted from 0 in each sample."""
    bounds: Integers
    """(S + 1,) sample s has the tokens from bounds[s] up to, not including, bounds[s + 1]."""
    where: Integers
    """(R,) indices into ids of the tokens whose next token is trained."""
    targets: Integers
    """(R,) ids of those next tokens."""
    sample: Integers
    """(R,) number of the sample each trained token belongs to, counted from 0."""
    advantages: Singles
    """(R,) advantage of the answer each trained token belongs to."""
    weights: Singles
    """(R,) share of the loss. All weights of an update add up to 1; with the aggregate `constant`, to the mean length
    of its answers divided by that constant."""
    sampler_logprobs: Singles
    """(R,) log-probabilities under the distribution the tokens were sampled from."""
    temperatures: Singles
    """(R,) temperature each token was sampled at."""


def cut(sample: Sample, most: int | None) -> Sample:
    """The sample with only the first `most` tokens of its answer; unchanged for None."""
    return replace(sample, tokens=sample.tokens[:most], logprobs=sample.logprobs[:most])


def token_weights(samples: Sequence[Sample], aggregate: Aggregate, constant: int) -> list[float]:
    """For each sample the weight of each of its answer's tokens, whatever row or process the sample is put into.

    `token`: 1 / all tokens; `sequence`: 1 / (answers x tokens of the answer); `constant`: 1 / (answers x constant).
    """
    if aggregate == "token":
        total = sum(len(sample.tokens) for sample in samples)
        return [1 / total for _ in samples]
    if aggregate == "sequence":
        return [1 / (len(samples) * len(sample.tokens)) for sample in samples]
    return [1 / (len(samples) * constant) for _ in samples]


def cost(size: int, square: float = 1 / 4096) -> float:
    """Estimated work for a sample of `size` tokens, in units of one token's linear layers.

    `square` is the cost of attention between two tokens.
    """
    return size + square * size * size


def spread(sizes: Sequence[int], bins: int) -> list[list[int]]:
    """The indices of `sizes` in `bins` lists of about equal cost: longest first, each into the cheapest list."""
    load = [0.0] * bins
    places: list[list[int]] = [[] for _ in range(bins)]
    for index in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        lightest = min(range(bins), key=lambda b: (load[b], b))
        places[lightest].append(index)
        load[lightest] += cost(sizes[index])
    return places


def rows_of(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """The indices of `sizes`, divided into rows of at most `budget` tokens: longest first, each into the first row with
    room for it. A sample longer than the budget gets a row of its own."""
    rows: list[list[int]] = []
    left: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        for row, free in enumerate(left):
            if sizes[index] <= free:
                rows[row].append(index)
                left[row] -= sizes[index]
                break
        else:
            rows.append([index])
            left.append(budget - sizes[index])
    return rows


def packs_for(
    samples: Sequence[Sample], aggregate: Aggregate, constant: int, budget: int, rank: int = 0, size: int = 1
) -> list[Pack]:
    """The rows of process `rank` among `size`. A process with fewer rows than another gets empty rows, too."""
    if not samples:
        return []
    weights = token_weights(samples, aggregate, constant)
    shares = spread([sample.size for sample in samples], size)
    rows = [rows_of([samples[i].size for i in share], budget) for share in shares]
    own = [
        _pack([samples[shares[rank][i]] for i in row], [weights[shares[rank][i]] for i in row]) for row in rows[rank]
    ]
    return own + [_empty_pack()] * (max(map(len, rows)) - len(own))


def _empty_pack() -> Pack:
    """An empty row, which keeps a process in step with the others: two tokens, one of them trained with weight 0."""
    return _pack([Sample((0,), (0,), (0.0,), 0.0)], [0.0])


def _pack(samples: Sequence[Sample], weights: Sequence[float]) -> Pack:
    ids: list[int] = []
    positions: list[int] = []
    bounds = [0]
    where: list[int] = []
    for sample in samples:
        start = bounds[-1]
        ids += [*sample.prompt, *sample.tokens]
        positions += range(sample.size)
        bounds.append(start + sample.size)
        where += range(start + len(sample.prompt) - 1, start + sample.size - 1)
    counts = [len(sample.tokens) for sample in samples]

    def each(values: Sequence[float]) -> Singles:
        """(R,): each sample's value, repeated for its tokens."""
        return np.repeat(np.array(values, dtype=np.float32), counts)

    return Pack(
        ids=np.array(ids, dtype=np.int64),
        positions=np.array(positions, dtype=np.int64),
        bounds=np.array(bounds, dtype=np.int64),
        where=np.array(where, dtype=np.int64),
        targets=np.array([token for sample in samples for token in sample.tokens], dtype=np.int64),
        sample=np.repeat(np.arange(len(samples), dtype=np.int64), counts),
        advantages=each([sample.advantage for sample in samples]),
        weights=each(weights),
        sampler_logprobs=np.array([value for sample in samples for value in sample.logprobs], dtype=np.float32),
        temperatures=each([sample.temperature for sample in samples]),
    )
