"""Writes a warmed-up model as a directory that transformers and vLLM load, with a manifest of how it was made."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.micro.evaluation import Evaluation
    from trainer.micro.warmup import WarmModel

_LOSS_EVERY = 100
"""Each loss in the manifest is the mean over this many steps."""


def prepare(directory: Path) -> Path:
    """An empty directory to write into, beside `directory`.

    Raises TrainerError where `directory` is not empty, or the new one cannot be made.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise TrainerError(f"{directory} exists and is not empty; name another place with --out")
    partial = directory.with_name(directory.name + ".partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise TrainerError(f"cannot write {partial}: {error.strerror}") from error
    return partial


def save(warm: WarmModel, directory: Path) -> None:
    """Write weights (float32 safetensors), configuration and tokenizer into `directory`."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers is partly untyped
    warm.model.save_pretrained(directory)
    warm.tokenizer.save_pretrained(directory)
    (directory / "model.safetensors").chmod(0o644)  # safetensors writes for the owner only


def manifest(warm: WarmModel, directory: Path, figures: list[Evaluation]) -> dict[str, Any]:
    """How the checkpoint in `directory` was made: configuration, versions, losses and evaluations."""
    import tokenizers
    import torch
    import transformers

    losses = [report.loss for report in warm.reports]
    last = warm.reports[-1]
    return {
        "command": f"cure-agent train micro-base --seed {warm.config.seed} --steps {warm.config.steps}",
        "sha256": hashlib.sha256((directory / "model.safetensors").read_bytes()).hexdigest(),
        "config": asdict(warm.config),
        "parameters": sum(p.numel() for p in warm.model.parameters()),
        "texts": sum(report.texts for report in warm.reports),
        "tokens": sum(report.tokens for report in warm.reports),
        "seconds": round(last.seconds),
        "cpu_seconds": round(last.cpu_seconds),
        "loss_by_100_steps": [
            round(sum(part) / len(part), 4)
            for part in (losses[i : i + _LOSS_EVERY] for i in range(0, len(losses), _LOSS_EVERY))
        ],
        "evaluations": [asdict(evaluation) for evaluation in figures],
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
        "machine": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, {os.cpu_count()} cores",
    }


def write_records(directory: Path, record: dict[str, Any]) -> None:
    """Write manifest.json, and a README.md with its main figures."""
    (directory / "manifest.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    rows = [
        "| {temperature:g} | {code:.2f} | {test:.2f} | {best_of_n:.2f} | {repair:.2f} |".format(**figures)
        for figures in record["evaluations"]
    ]
    heads = [
        "Shares on held-out problems: right programs (code), right tests (tests), problems whose program chosen by "
        "tests passed is right (best of n), right repairs (repair).",
        "",
        "| temperature | code | tests | best of n | repair |",
        "|---|---|---|---|---|",
    ]
    table = [*heads, *rows, ""] if rows else []
    text = [
        "# Micro base model",
        "",
        f"A Qwen3 of {record['parameters']:,} parameters, pretrained on answers to problems of the micro lab, many of "
        "the answers wrong on purpose.",
        "Made by",
        "",
        f"    {record['command']}",
        "",
        f"Trained for {record['config']['steps']:,} steps on {record['texts']:,} prompts with answers, "
        f"{record['tokens']:,} tokens.",
        "",
        *table,
        "`docs/micro-lab.md` explains the problems and the figures, `manifest.json` holds the configuration, versions "
        "and kind of machine.",
    ]
    (directory / "README.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def publish(partial: Path, directory: Path) -> None:
    """Rename the finished directory to its final name."""
    if directory.exists():
        directory.rmdir()
    partial.rename(directory)
