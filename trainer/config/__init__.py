"""Configuration of a training run: TOML checked by pydantic, with presets. Loads without torch."""

from trainer.config.load import PRESETS, dump, load, load_with_origins, preset_text
from trainer.config.schema import Config

__all__ = ["PRESETS", "Config", "dump", "load", "load_with_origins", "preset_text"]
