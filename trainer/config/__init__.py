"""What a training run is told: TOML checked by pydantic, with presets. Loads without torch."""

from trainer.config.load import PRESETS, dump, load, preset_text
from trainer.config.schema import Config

__all__ = ["PRESETS", "Config", "dump", "load", "preset_text"]
