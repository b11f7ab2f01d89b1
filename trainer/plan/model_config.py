"""A model's config.json, found without loading the model."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from engines import BUNDLED
from trainer.errors import TrainerError

_QWEN2 = {"model_type": "qwen2", "vocab_size": 152064, "tie_word_embeddings": False, "dtype": "bfloat16"}
PRESET_MODELS: dict[str, dict[str, Any]] = {
    "Qwen/Qwen2.5-7B-Instruct": {
        **_QWEN2,
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
    },
    "Qwen/Qwen2.5-14B-Instruct": {
        **_QWEN2,
        "hidden_size": 5120,
        "intermediate_size": 13824,
        "num_hidden_layers": 48,
        "num_attention_heads": 40,
        "num_key_value_heads": 8,
    },
    "Qwen/Qwen3-4B": {
        "model_type": "qwen3",
        "vocab_size": 151936,
        "tie_word_embeddings": True,
        "dtype": "bfloat16",
        "hidden_size": 2560,
        "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
    },
}
"""The published config.json of each preset's model, reduced to what an estimate reads; planning downloads nothing."""


def model_config(model: str) -> tuple[dict[str, Any], str]:
    """The model's config.json and, in words, where it is from.

    Raises TrainerError where the file is neither on this machine nor among PRESET_MODELS, or cannot be read.
    """
    name = model.removeprefix("hf:")
    if name in BUNDLED:
        return _read(BUNDLED[name] / "config.json"), "bundled"
    directory = Path(name).expanduser()
    if directory.is_dir():
        return _read(directory / "config.json"), "from its config.json"
    if (cached := _cached(name)) is not None:
        return _read(cached), "from the hub's cache"
    if name in PRESET_MODELS:
        return PRESET_MODELS[name], "sizes as published"
    raise TrainerError(
        "an estimate needs the model's config.json, which is not on this machine; "
        f"get it with: hf download {name} config.json"
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainerError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    if not isinstance(content, dict):
        raise TrainerError(f"{file}: not an object")
    return content


def _cached(name: str) -> Path | None:
    """The newest config.json of a hub model in the hub's cache, or None; found without the package huggingface_hub."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    found = cache.glob(f"models--{name.replace('/', '--')}/snapshots/*/config.json")
    return max(found, key=lambda file: file.stat().st_mtime, default=None)
