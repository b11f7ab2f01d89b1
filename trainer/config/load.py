"""From a preset's name or a TOML file to a checked configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from trainer.config.schema import Config
from trainer.errors import TrainerError

PRESETS = ("paper-7b", "paper-14b", "paper-4b-long-cot", "release-7b", "label-free-14b", "micro")
"""Names of the bundled configurations."""


def preset_text(name: str) -> str:
    """The TOML text of a bundled configuration."""
    return (files("trainer.config") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def load(target: str, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a preset or of a TOML file, which may begin with `preset = NAME`.

    `overrides` are `section.key=value` with a TOML value. Raises TrainerError that names the file, the key, and the
    nearest one that exists.
    """
    table, where = _table(target)
    for override in overrides:
        _set(table, override)
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        raise TrainerError("; ".join(_explained(where, item) for item in error.errors())) from None


def dump(config: Config) -> str:
    """The configuration as TOML that `load` reads back."""
    lines: list[str] = []
    _write(lines, "", _values(config))
    return "\n".join(lines).strip() + "\n"


def _table(target: str) -> tuple[dict[str, Any], str]:
    if target in PRESETS:
        return tomllib.loads(preset_text(target)), f"preset {target}"
    path = Path(target)
    if not path.is_file():
        known = get_close_matches(target, PRESETS, n=1)
        hint = f"did you mean {known[0]}?" if known else f"presets: {', '.join(PRESETS)}"
        raise TrainerError(f"{target}: no preset and no file of this name; {hint}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainerError(f"{target}: not valid TOML: {error}") from None
    if (base := table.pop("preset", None)) is not None:
        if base not in PRESETS:
            raise TrainerError(f"{target}: there is no preset {base!r}; presets: {', '.join(PRESETS)}")
        table = _merged(tomllib.loads(preset_text(base)), table)
    return table, target


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `under`, table by table; [policies] is replaced as a whole."""
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict) and key != "policies"
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _set(table: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    if not equals:
        raise TrainerError(f"--set {override}: write KEY=VALUE, such as optimiser.learning_rate=1e-5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    *path, last = name.strip().split(".")
    for part in path:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise TrainerError(f"--set {override}: {part} is not a section")
    table[last] = value


def _explained(where: str, item: Any) -> str:
    """One line for one fault found by pydantic."""
    path = [str(part) for part in item["loc"]]
    name = ".".join(path) or "the configuration"
    if item["type"] == "extra_forbidden":
        near = get_close_matches(path[-1], _keys(path[:-1]), n=1)
        return f"{where}: unknown key {name}" + (f"; did you mean {near[0]}?" if near else "")
    return f"{where}: {name}: {item['msg'].removeprefix('Value error, ')}"


def _keys(path: list[str]) -> list[str]:
    model: Any = Config
    for part in path:
        field = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, BaseModel) else None
        if field is None:
            return []
        model = field.annotation
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _values(section: BaseModel) -> dict[str, Any]:
    """Its fields, without those that are None by default; None in place of another default is the word `none`."""
    values = section.model_dump(mode="json")
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            values[name] = _values(value)
        elif value is None:
            values[name] = "none"
            if field.default is None:
                del values[name]
    return {name: value for name, value in values.items() if value is not None}


def _write(lines: list[str], name: str, table: Mapping[str, Any]) -> None:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if name and (plain or not table):
        lines += ["", f"[{name}]"]
    lines += [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, dict):
            _write(lines, f"{name}.{key}" if name else key, value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)
