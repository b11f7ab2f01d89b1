"""Supervised warm-up of the micro model on noisy answers: first right answers only, then also wrong ones.

The first phase teaches the operations; the second gives wrong answers a probability, which reinforcement learning can
take away again. Every batch is a function of the configuration and the batch's number.
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

    from trainer.distributed.world import World

TOKENIZER_TEXTS = 3000
"""Texts whose frequent pieces become tokens."""
_CHUNK = 16
"""Batches whose texts are sorted by length together, so that there is little padding."""


@dataclass(frozen=True, kw_only=True)
class WarmupConfig:
    """Everything that determines the weights, besides torch's build and the processor."""

    seed: int = 0
    steps: int = 1300
    batch: int = 64
    """Texts per step."""
    matrix_rate: float = 2.5e-3
    """Peak learning rate of Muon, for the layers' matrices: root mean square of an update's entries."""
    other_rate: float = 4e-3
    """Peak learning rate of AdamW, for everything else."""
    warm_steps: int = 60
    """Steps at the beginning over which the learning rate rises linearly."""
    decay_share: float = 0.5
    """Share of the steps, at the end, over which the learning rate falls to a twentieth."""
    clean_share: float = 0.6
    """Share of the steps, at the beginning, with right answers only; rounded up to a multiple of `_CHUNK` steps."""
    hidden: int = 128
    layers: int = 4
    noise: Noise = field(default_factory=Noise)
    mix: Mix = field(default_factory=Mix)

    def rate(self, step: int) -> float:
        """Share of the peak learning rate at a step (from 0): linear warm-up, constant, cosine to a twentieth."""
        if step < self.warm_steps:
            return (step + 1) / self.warm_steps
        decay_from = self.steps * (1 - self.decay_share)
        if step < decay_from:
            return 1.0
        done = (step - decay_from) / max(1.0, self.steps - decay_from)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """Measurements of one step of the warm-up."""

    step: int
    loss: float
    """Mean cross-entropy per completion token, in nats."""
    texts: int
    """Texts of the step's batch."""
    tokens: int
    """Tokens of these texts, prompts included and padding excluded."""
    seconds: float
    """Seconds since the warm-up began."""
    cpu_seconds: float
    """CPU seconds of this process since the warm-up began."""


@dataclass(frozen=True)
class WarmModel:
    """The result of a warm-up."""

    model: Qwen3ForCausalLM
    tokenizer: PreTrainedTokenizerFast
    config: WarmupConfig
    reports: tuple[StepReport, ...]


def warm_up(
    config: WarmupConfig, processes: int = 1, on_step: Callable[[StepReport], None] = lambda _report: None
) -> WarmModel:
    """The warmed-up model and its tokenizer.

    The weights depend, bit for bit, on the config, torch's build and the type of processor alone, and not on the number
    of processes (1 or 2). Raises TrainerError where a process ends early, ValueError for another number of processes.
    """
    from trainer.micro.shards import process_group

    with process_group(processes, partial(_train, config)) as world:
        return _train(config, world, on_step)


def _train(
    config: WarmupConfig, world: World, on_step: Callable[[StepReport], None] = lambda _report: None
) -> WarmModel:
    import torch

    from trainer.micro.model import new_model
    from trainer.micro.shards import shards_of
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
    for step, shards in enumerate(zip(*(batches(config, tokenizer, shard) for shard in shards_of(world)), strict=True)):
        loss, answer_tokens, texts_seen, tokens_seen = 0.0, 0.0, 0.0, 0.0
        for ids, answers in shards:
            summed = completion_loss(model, ids, answers)
            torch.autograd.backward(summed)
            loss += summed.item()
            answer_tokens += int(answers.sum())
            texts_seen += len(ids)
            tokens_seen += int(ids.ne(pad).sum())
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        loss, answer_tokens, texts_seen, tokens_seen = world.add_up(
            gradients, (loss, answer_tokens, texts_seen, tokens_seen)
        )
        for gradient in gradients:
            gradient.div_(answer_tokens)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * config.rate(step)
            optimizer.step()
            optimizer.zero_grad()
        seconds, cpu_seconds = time.monotonic() - begun, time.process_time() - cpu_begun
        reports.append(
            StepReport(
                step=step + 1,
                loss=loss / answer_tokens,
                texts=int(texts_seen),
                tokens=int(tokens_seen),
                seconds=seconds,
                cpu_seconds=cpu_seconds,
            )
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
    """The cross-entropy (a scalar), summed over the tokens that `answers` (B, T) marks in `ids` (B, T).

    Padding is on the right, where it is invisible under causal attention, so no attention mask is needed.
    """
    import torch

    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state  # (B, T, D)
    wanted = answers[:, 1:]  # (B, T - 1)
    logits = model.lm_head(hidden[:, :-1][wanted])  # (answer tokens, V)
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:][wanted], reduction="sum")


def batches(
    config: WarmupConfig, tokenizer: PreTrainedTokenizerFast, shard: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """A shard of each of the `config.steps` batches: token ids (B, T), padded on the right, and whether each is part of
    an answer (B, T)."""
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
        stream("order", config.seed, first).shuffle(order)  # equal for all shards, so that their widths agree
        for number in order[: config.steps - first]:
            yield padded(pairs[number * rows : (number + 1) * rows], int(tokenizer.pad_token_id))


def padded(pairs: Sequence[tuple[list[int], list[int]]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (B, T) of prompts and completions, padded on the right, and whether each is in a completion (B, T)."""
    import torch

    width = max(len(prompt) + len(completion) for prompt, completion in pairs)
    ids = torch.full((len(pairs), width), pad)
    answers = torch.zeros((len(pairs), width), dtype=torch.bool)
    for row, (prompt, completion) in enumerate(pairs):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        answers[row, len(prompt) : end] = True
    return ids, answers
