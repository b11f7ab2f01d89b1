"""Rows of packed answers: prompt and answer one after another, many to a row, each with its own positions.

The weight of every trained token is fixed here from the whole update, so the loss is a plain weighted sum: how answers
are spread over rows, or rows over processes, cannot change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Singles = NDArray[np.float32]
Aggregate = Literal["token", "sequence", "constant"]


@dataclass(frozen=True)
class Sample:
    """One answer to train on."""

    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    """Of the sampler, for each token."""
    advantage: float
    temperature: float = 1.0
    """It was drawn at; logits are divided by it in training too."""
    key: str = ""
    """Names the answer in records."""

    def __post_init__(self) -> None:
        # Without a prompt the first token would be predicted by whatever answer stands before it in the row.
        if not self.prompt or not self.tokens or len(self.tokens) != len(self.logprobs):
            raise ValueError(
                f"a sample needs a prompt, tokens and a log-probability for each, not {len(self.prompt)}, "
                f"{len(self.tokens)} and {len(self.logprobs)} of them ({self.key or 'no key'})"
            )

    @property
    def size(self) -> int:
        """Tokens of prompt and answer. The last token of the answer is only predicted, but takes its place."""
        return len(self.prompt) + len(self.tokens)


@dataclass(frozen=True)
class Pack:
    """One row. T tokens of S answers, R of which are trained."""

    ids: Integers
    """(T,) token ids."""
    positions: Integers
    """(T,) counted from 0 in each answer."""
    bounds: Integers
    """(S + 1,) where answers begin and end."""
    where: Integers
    """(R,) places of ids whose next token is trained."""
    targets: Integers
    """(R,) those tokens."""
    sample: Integers
    """(R,) which answer of the row each belongs to."""
    advantages: Singles
    """(R,)"""
    weights: Singles
    """(R,) share of the loss; over all rows of an update they add up to 1, or less with `constant`."""
    sampler_logprobs: Singles
    """(R,) log-probabilities when they were sampled."""
    temperatures: Singles
    """(R,)"""

    @property
    def answers(self) -> int:
        """Number of answers in it."""
        return len(self.bounds) - 1


def cut(sample: Sample, most: int | None) -> Sample:
    """The sample with at most the first `most` tokens of its answer."""
    if most is None or len(sample.tokens) <= most:
        return sample
    return Sample(
        sample.prompt,
        sample.tokens[:most],
        sample.logprobs[:most],
        sample.advantage,
        sample.temperature,
        sample.key,
    )


def token_weights(samples: Sequence[Sample], aggregate: Aggregate, constant: int) -> list[float]:
    """The weight of each token of each sample: of the whole update, whatever row or process it lands in.

    `token`: 1 / all tokens; `sequence`: 1 / (answers x tokens of the answer); `constant`: 1 / (answers x constant).
    """
    if aggregate == "token":
        total = sum(len(sample.tokens) for sample in samples)
        return [1 / total for _ in samples]
    if aggregate == "sequence":
        return [1 / (len(samples) * len(sample.tokens)) for sample in samples]
    return [1 / (len(samples) * constant) for _ in samples]


def cost(size: int, square: float = 1 / 4096) -> float:
    """Work for an answer of this many tokens, in units of one token's linear work."""
    return size + square * size * size


def spread(sizes: Sequence[int], bins: int) -> list[list[int]]:
    """Indices of sizes in `bins` bins of about equal cost: longest first, each to the bin with least so far."""
    load = [0.0] * bins
    places: list[list[int]] = [[] for _ in range(bins)]
    for index in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        lightest = min(range(bins), key=lambda b: (load[b], b))
        places[lightest].append(index)
        load[lightest] += cost(sizes[index])
    return places


def rows_of(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """Indices of sizes in rows of at most `budget` tokens, first fit of the longest first; a longer one sits alone."""
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        for row, left in enumerate(room):
            if sizes[index] <= left:
                rows[row].append(index)
                room[row] -= sizes[index]
                break
        else:
            rows.append([index])
            room.append(budget - sizes[index])
    return rows


def packs_for(
    samples: Sequence[Sample],
    aggregate: Aggregate,
    constant: int,
    budget: int,
    rank: int = 0,
    size: int = 1,
) -> list[Pack]:
    """The rows of process `rank` among `size`. Every process gets the same number, if need be with empty ones."""
    if not samples:
        return []
    weights = token_weights(samples, aggregate, constant)
    shares = spread([sample.size for sample in samples], size)
    rows = [rows_of([samples[i].size for i in share], budget) for share in shares]
    mine = [
        _pack([samples[shares[rank][i]] for i in row], [weights[shares[rank][i]] for i in row]) for row in rows[rank]
    ]
    return mine + [_nothing()] * (max(map(len, rows)) - len(mine))


def _nothing() -> Pack:
    """A row that keeps a process in step with the others: two tokens, of which one is trained with weight 0."""
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
