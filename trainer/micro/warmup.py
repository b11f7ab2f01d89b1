"""Supervised warm-up of the micro model on noisy answers: first right answers only, then the noise is turned on.

The clean phase teaches the operations; the noisy phase moves probability, so that the finished model is wrong by a
choice that reinforcement learning can undo. Every batch is a function of the seed and its number.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from trainer.micro.answers import CLEAN, Mix, Noise, text
from trainer.micro.problems import stream

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

    from trainer.micro.shards import Team

TOKENIZER_TEXTS = 3000
_CHUNK = 16
"""Batches that are drawn and sorted by length together, so that little is padding."""


@dataclass(frozen=True)
class WarmupConfig:
    """Everything the weights depend on, besides torch's build and the processor."""

    seed: int = 0
    steps: int = 1300
    batch: int = 64
    """Texts per step."""
    matrix_rate: float = 2.5e-3
    """Peak learning rate of Muon, for the layers' matrices: root mean square of one update of an entry."""
    other_rate: float = 4e-3
    """Peak learning rate of AdamW, for everything else."""
    warm_steps: int = 60
    decay_share: float = 0.5
    """Share of the steps, at the end, over which the learning rate falls to a twentieth."""
    clean_share: float = 0.6
    """Share of the steps, at the beginning, that see right answers only."""
    hidden: int = 128
    layers: int = 4
    noise: Noise = field(default_factory=Noise)
    mix: Mix = field(default_factory=Mix)

    def rate(self, step: int) -> float:
        """Share of the peak learning rate at a step: linear warm-up, constant, cosine to a twentieth."""
        if step < self.warm_steps:
            return (step + 1) / self.warm_steps
        decay_from = self.steps * (1 - self.decay_share)
        if step < decay_from:
            return 1.0
        done = (step - decay_from) / max(1.0, self.steps - decay_from)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class StepReport:
    """What one step of the warm-up measured."""

    step: int
    loss: float
    """Mean cross-entropy per completion token, in nats."""
    texts: int
    tokens: int
    seconds: float
    """Since the warm-up began."""
    cpu_seconds: float
    """Of this process since the warm-up began."""


@dataclass(frozen=True)
class WarmModel:
    model: Qwen3ForCausalLM
    tokenizer: PreTrainedTokenizerFast
    config: WarmupConfig
    reports: tuple[StepReport, ...]


def warm_up(
    config: WarmupConfig, processes: int = 1, on_step: Callable[[StepReport], None] = lambda _report: None
) -> WarmModel:
    """The warmed-up model and its tokenizer. Two calls with one config give the same weights, bit for bit, on the same
    torch build and processor type, whatever the number of processes (1 or 2)."""
    from trainer.micro.shards import team

    with team(processes, partial(_train, config)) as mine:
        return _train(config, mine, on_step)


def _train(config: WarmupConfig, mine: Team, on_step: Callable[[StepReport], None] = lambda _report: None) -> WarmModel:
    import torch

    from trainer.micro.model import new_model
    from trainer.micro.tokenizer import build

    torch.manual_seed(config.seed)
    texts = (text(config.seed, -1 - i, config.noise, config.mix) for i in range(TOKENIZER_TEXTS))
    tokenizer = build(item.prompt + item.completion for item in texts)
    eos, pad = int(tokenizer.eos_token_id), int(tokenizer.pad_token_id)
    model = new_model(len(tokenizer), eos, pad, config.hidden, config.layers)
    parameters = list(model.parameters())
    optimizers = _optimizers(model, config)
    model.train()
    reports: list[StepReport] = []
    begun, cpu_begun = time.monotonic(), time.process_time()
    for step, shards in enumerate(zip(*(batches(config, tokenizer, shard) for shard in mine.shards), strict=True)):
        loss, answer_tokens, texts_seen, tokens_seen = 0.0, 0.0, 0.0, 0.0
        for ids, answers in shards:
            summed = completion_loss(model, ids, answers)
            torch.autograd.backward(summed)
            loss += summed.item()
            answer_tokens += int(answers.sum())
            texts_seen += len(ids)
            tokens_seen += int(ids.ne(pad).sum())
        loss, answer_tokens, texts_seen, tokens_seen = mine.add_up(
            parameters, (loss, answer_tokens, texts_seen, tokens_seen)
        )
        for parameter in parameters:
            parameter.grad = parameter.grad / answer_tokens if parameter.grad is not None else None
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * config.rate(step)
            optimizer.step()
            optimizer.zero_grad()
        seconds, cpu_seconds = time.monotonic() - begun, time.process_time() - cpu_begun
        reports.append(
            StepReport(step + 1, loss / answer_tokens, int(texts_seen), int(tokens_seen), seconds, cpu_seconds)
        )
        on_step(reports[-1])
    model.train(False)
    return WarmModel(model, tokenizer, config, tuple(reports))


def _optimizers(model: Qwen3ForCausalLM, config: WarmupConfig) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for embeddings, output layer, norms and biases."""
    import torch

    from trainer.micro.muon import Muon

    matrices = [p for name, p in model.named_parameters() if p.ndim > 1 and "layers" in name]
    rest = [p for name, p in model.named_parameters() if p.ndim == 1 or "layers" not in name]
    optimizers = [
        Muon(matrices, lr=config.matrix_rate, weight_decay=0.05),
        torch.optim.AdamW(rest, lr=config.other_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def completion_loss(model: Qwen3ForCausalLM, ids: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Cross-entropy summed over the tokens that `answers` (B, T) marks in `ids` (B, T).

    Padding is on the right, where causal attention keeps it out of sight, so no attention mask is needed.
    """
    import torch

    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    wanted = answers[:, 1:]
    logits = model.lm_head(hidden[:, :-1][wanted])
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:][wanted], reduction="sum")


def batches(
    config: WarmupConfig, tokenizer: PreTrainedTokenizerFast, shard: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """A shard of each of the `config.steps` batches: token ids (B, T), padded on the right, and where they are answers
    (B, T)."""
    from trainer.micro.shards import SHARDS

    rows = config.batch // SHARDS
    clean_until = int(config.steps * config.clean_share)
    for first in range(0, config.steps, _CHUNK):
        noise = CLEAN if first < clean_until else config.noise
        numbers = range((first * SHARDS + shard * _CHUNK) * rows, (first * SHARDS + (shard + 1) * _CHUNK) * rows)
        texts = [text(config.seed, i, noise, config.mix) for i in numbers]
        prompts = tokenizer([item.prompt for item in texts])["input_ids"]
        completions = tokenizer([item.completion for item in texts])["input_ids"]
        pairs = sorted(zip(prompts, completions, strict=True), key=lambda pair: len(pair[0]) + len(pair[1]))
        order = list(range(_CHUNK))
        stream("order", config.seed, first).shuffle(order)  # the same for every shard, so that their widths agree
        for number in order[: config.steps - first]:
            yield padded(pairs[number * rows : (number + 1) * rows], int(tokenizer.pad_token_id))


def padded(pairs: Sequence[tuple[list[int], list[int]]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts and completions as token ids (B, T), and where they are completion (B, T)."""
    import torch

    width = max(len(prompt) + len(completion) for prompt, completion in pairs)
    ids = torch.full((len(pairs), width), pad)
    answers = torch.zeros((len(pairs), width), dtype=torch.bool)
    for row, (prompt, completion) in enumerate(pairs):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        answers[row, len(prompt) : end] = True
    return ids, answers
