"""Supervised warm-up of the micro model on noisy answers: first right answers only, then the noise is turned on.

The clean phase teaches the operations; the noisy phase moves probability, so that the finished model is wrong by a
choice that reinforcement learning can undo. Every batch is a function of the seed and its number.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trainer.micro.answers import CLEAN, Mix, Noise, text
from trainer.micro.problems import stream

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen2ForCausalLM

TOKENIZER_TEXTS = 8000
_CHUNK = 16
"""Batches that are drawn and sorted by length together, so that little is padding."""


@dataclass(frozen=True)
class WarmupConfig:
    """Everything the weights depend on, besides torch's build and thread count."""

    seed: int = 0
    steps: int = 2400
    batch: int = 32
    """Texts per step."""
    matrix_rate: float = 2e-3
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
    threads: int = 2
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
        return (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


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


@dataclass(frozen=True)
class WarmModel:
    model: Qwen2ForCausalLM
    tokenizer: PreTrainedTokenizerFast
    config: WarmupConfig
    reports: tuple[StepReport, ...]


def warm_up(config: WarmupConfig, on_step: Callable[[StepReport], None] = lambda _report: None) -> WarmModel:
    """The warmed-up model and its tokenizer. Two calls with one config give the same weights, bit for bit, on the same
    torch build and processor type with the same number of threads."""
    import torch

    from trainer.micro.model import new_model
    from trainer.micro.tokenizer import build

    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    texts = (text(config.seed, -1 - i, config.noise, config.mix) for i in range(TOKENIZER_TEXTS))
    tokenizer = build(item.prompt + item.completion for item in texts)
    eos, pad = int(tokenizer.eos_token_id), int(tokenizer.pad_token_id)
    model = new_model(len(tokenizer), eos, pad, config.hidden, config.layers)
    optimizers = _optimizers(model, config)
    model.train()
    reports: list[StepReport] = []
    begun = time.monotonic()
    for step, (ids, answers) in enumerate(batches(config, tokenizer)):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * config.rate(step)
        loss = completion_loss(model, ids, answers)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        report = StepReport(step + 1, loss.item(), len(ids), int(ids.ne(pad).sum()), time.monotonic() - begun)
        reports.append(report)
        on_step(report)
    model.eval()
    return WarmModel(model, tokenizer, config, tuple(reports))


def _optimizers(model: Qwen2ForCausalLM, config: WarmupConfig) -> list[torch.optim.Optimizer]:
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


def completion_loss(model: Qwen2ForCausalLM, ids: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy over the tokens that `answers` (B, T) marks in `ids` (B, T).

    Padding is on the right, where causal attention keeps it out of sight, so no attention mask is needed.
    """
    import torch

    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    wanted = answers[:, 1:]
    logits = model.lm_head(hidden[:, :-1][wanted])
    return torch.nn.functional.cross_entropy(logits, ids[:, 1:][wanted])


def batches(
    config: WarmupConfig, tokenizer: PreTrainedTokenizerFast
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """`config.steps` batches: token ids (B, T), padded on the right, and where they are answers (B, T)."""
    import torch

    pad = int(tokenizer.pad_token_id)
    clean_until = int(config.steps * config.clean_share)
    for first in range(0, config.steps, _CHUNK):
        noise = CLEAN if first < clean_until else config.noise
        numbers = range(first * config.batch, (first + _CHUNK) * config.batch)
        texts = [text(config.seed, i, noise, config.mix) for i in numbers]
        prompts = tokenizer([item.prompt for item in texts])["input_ids"]
        completions = tokenizer([item.completion for item in texts])["input_ids"]
        pairs = sorted(zip(prompts, completions, strict=True), key=lambda pair: len(pair[0]) + len(pair[1]))
        order = list(range(_CHUNK))
        stream("order", config.seed, first).shuffle(order)
        for number in order[: config.steps - first]:
            chosen = pairs[number * config.batch : (number + 1) * config.batch]
            width = max(len(prompt) + len(completion) for prompt, completion in chosen)
            ids = torch.full((len(chosen), width), pad)
            answers = torch.zeros((len(chosen), width), dtype=torch.bool)
            for row, (prompt, completion) in enumerate(chosen):
                end = len(prompt) + len(completion)
                ids[row, :end] = torch.tensor(prompt + completion)
                answers[row, len(prompt) : end] = True
            yield ids, answers
