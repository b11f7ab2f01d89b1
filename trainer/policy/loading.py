"""Loading a checkpoint's model for training, and writing a checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from engines import BUNDLED, EngineError
from engines.local.checkpoint import find_checkpoint
from trainer.errors import TrainerError


def checkpoint_of(model: str) -> Path:
    """The directory of a model: bundled, a path, or a Hugging Face id, whose files are downloaded if not cached.

    Raises TrainerError where there is no such model, or it cannot be downloaded.
    """
    if model in BUNDLED:
        return BUNDLED[model]
    try:
        return find_checkpoint(model, model.removeprefix("hf:"))
    except EngineError as error:
        raise TrainerError(str(error)) from error


def load_model(directory: Path, dtype: torch.dtype, device: torch.device, attention: str) -> Any:
    """The causal language model in a directory, in evaluation mode: without dropout."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    quiet: Any = logging
    quiet.disable_progress_bar()
    model: Any = AutoModelForCausalLM.from_pretrained(
        directory, dtype=dtype, attn_implementation=attention, local_files_only=True
    )
    return model.to(device).train(False)


def write_checkpoint(model: Any, weights: Mapping[str, torch.Tensor], base: Path, directory: Path) -> None:
    """Write these weights and the model's configuration; copy the base's tokenizer files and generation settings."""
    model.save_pretrained(directory, state_dict=dict(weights))
    for pattern in _BESIDE:
        for file in base.glob(pattern):
            shutil.copyfile(file, directory / file.name)


_BESIDE = ("tokenizer*", "*.jinja", "vocab*", "merges*", "special_tokens*", "added_tokens*", "generation_config.json")
