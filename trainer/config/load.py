"""Loads a preset or a TOML file as a checked configuration, with the origin of each value."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from settings.errors import SettingsError
from settings.layers import Tree, layer
from settings.resolve import Resolved, resolve
from settings.toml import read_toml, to_toml
from trainer.config.schema import Config
from trainer.errors import TrainerError

PRESETS = ("paper-7b", "paper-14b", "paper-4b-long-cot", "release-7b", "label-free-14b", "micro")
"""Names of the bundled configurations."""


def preset_text(name: str) -> str:
    """The TOML text of a bundled configuration."""
    return (files("trainer.config") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def load(target: str, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a preset or of a TOML file, which may begin with `preset = NAME`.

    `overrides` are `section.key=value`, where a value that is not valid TOML is taken as text. Raises TrainerError
    where there is no such preset or file, or a key or value is wrong; the message names the origin of the value, the
    key and, for an unknown key, the nearest one.
    """
    return load_with_origins(target, overrides).value


def load_with_origins(target: str, overrides: Sequence[str] = ()) -> Resolved[Config]:
    """The configuration with the origin of every value: default, a preset, the file or --set. Raises as `load` does."""
    try:
        # [policies] is replaced as a whole: policies that a file names replace those of its preset.
        layers = [*_layers(target), layer(_assigned(overrides), "--set")]
        return resolve(Config, layers, whole=("policies",))
    except SettingsError as error:
        raise TrainerError(str(error)) from None


def dump(config: Config) -> str:
    """The configuration as TOML that `load` reads back."""
    return to_toml(config)


def _layers(target: str) -> list[Tree]:
    """Values of the preset, then those of the file, which override them."""
    if target in PRESETS:
        return [_preset(target)]
    path = Path(target)
    if not path.is_file():
        known = get_close_matches(target, PRESETS, n=1)
        hint = f"did you mean {known[0]}?" if known else f"presets: {', '.join(PRESETS)}"
        raise TrainerError(f"{target}: no preset and no file of this name; {hint}")
    table = read_toml(path)
    base = table.pop("preset", None)
    if base is not None and base not in PRESETS:
        raise TrainerError(f"{target}: there is no preset {base!r}; presets: {', '.join(PRESETS)}")
    return [*([] if base is None else [_preset(base)]), layer(table, target)]


def _preset(name: str) -> Tree:
    return layer(tomllib.loads(preset_text(name)), f"preset {name}")


def _assigned(overrides: Sequence[str]) -> dict[str, Any]:
    """The nested tables made by KEY=VALUE assignments, of which the last for a key wins.

    Raises TrainerError for an assignment without `=`, or to a key in something that is not a section.
    """
    tables: dict[str, Any] = {}
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals:
            raise TrainerError(f"--set {override}: write KEY=VALUE, such as optimiser.learning_rate=1e-5")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text.strip()
        *path, last = name.strip().split(".")
        table = tables
        for part in path:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise TrainerError(f"--set {override}: {part} is not a section")
        table[last] = value
    return tables
