"""The reference page of all settings, made from the models that declare them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.environment import variable
from settings.options import SettingOption, has_flag, options_of
from settings.registry import ENGINES, SECTIONS, section, training

INTRODUCTION = """# Settings

This page is made from the models that declare the settings: `cure-agent config --reference` prints it.

A value comes from the first of these that sets its key:

1. a flag of the command;
2. an environment variable: `CURE_AGENT_`, the section, the key, such as `CURE_AGENT_SOLVE_N`. Commands also have
   variables of their own for the options they share with engines: in `solve`, `CURE_AGENT_SOLVE_RETRIES` overrides
   `CURE_AGENT_HTTP_RETRIES`;
3. the project's file: `cure-agent.toml`, or `[tool.cure-agent]` of `pyproject.toml`, in this folder (for `change` that
   of `--repo`) or the nearest one above;
4. the user's file: `config.toml` in the user's configuration folder (`~/.config/cure-agent` on Linux);
5. the default.

A training run has a configuration of its own: a preset, overridden by a file, overridden by
`--set KEY=VALUE`.

Files have a table for each section, such as `[solve]`; `"none"` stands for no value. An unknown key is an error that
names the nearest one.

A project file may come with a stranger's repository. What it gives against its user is ignored, and a line on stderr
says so: a secret · a model by the address of a server, to which your key would be sent · the sandbox `none` · a `host`
of `serve` that others reach · in `[change]` an interpreter of your machine (`python`), `network = true`,
`allow_test_changes = true`, the mode `auto` and a `branch`. Its `protect` is added to yours, and the command that it
names for tests runs in the sandbox. It may choose a model and how much is sampled, which costs money: `--budget` bounds
that.

`cure-agent config` prints the settings of all sections as TOML, `cure-agent config solve` those that `solve` works
with, `cure-agent config train PRESET|FILE.toml` those of a training run; `--explain` says where each value came from,
`--json` prints JSON.

A new setting is a field, with its docstring, of a section's model; `settings/registry.py` has a line for each section.
"""

_KINDS: dict[Any, str] = {int: "whole number", float: "number", bool: "true, false", Path: "path", tuple: "list"}


def reference_page() -> str:
    """The page of all settings in Markdown, which is docs/settings.md."""
    parts = [INTRODUCTION]
    for name in SECTIONS:
        model = section(name)
        parts.append(f"## [{name}]\n\n{_words(model.__doc__)}\n\n" + _settings_table(options_of(model, name)))
    parts.append(f"## Training runs\n\n{_words(training().__doc__)} `--set SECTION.KEY=VALUE` changes one.\n")
    return "\n".join([*parts, *_training_tables(training(), "")])


def _settings_table(options: Sequence[SettingOption]) -> str:
    """A Markdown table with a row for each setting: key, option if there is one, variable, default, values, meaning."""
    rows = [
        [
            f"`{option.key}`",
            f"`{option.flag}`" if option.section not in ENGINES or has_flag(option) else "",
            f"`{variable(option)}`",
            *_described(option.field),
        ]
        for option in options
    ]
    return _table(["key", "option", "variable", "default", "values", "meaning"], rows)


def _training_tables(model: type[BaseModel], name: str) -> list[str]:
    """A Markdown table of the model's own keys, then the tables of its sections.

    `name` is the name of the model's table in TOML; it is empty for the whole configuration.
    """
    fields = model.model_fields.items()
    inner = {key: kind for key, field in fields if (kind := _model_of(field.annotation))}
    rows = [[f"`{key}`", *_described(field)] for key, field in fields if key not in inner]
    table = _table(["key", "default", "values", "meaning"], rows)
    heading = f"### [{name}]\n\n{_words(model.__doc__)}\n\n" if name else ""
    below = [part for key, inside in inner.items() for part in _training_tables(inside, _table_name(key, model))]
    return [heading + table, *below]


def _table_name(key: str, model: type[BaseModel]) -> str:
    """The name of a table in TOML; `NAME` stands for names that the user chooses."""
    return f"{key}.NAME" if get_origin(model.model_fields[key].annotation) is dict else key


def _model_of(kind: Any) -> type[BaseModel] | None:
    """The model that a field holds, alone or as the values of a dictionary; None for a field of another type."""
    kind = get_args(kind)[1] if get_origin(kind) is dict else kind
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _described(field: FieldInfo) -> tuple[str, str, str]:
    """Default, possible values and meaning."""
    return _default(field), _values(field), _words(field.description)


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if value is PydanticUndefined:
        return "must be given"
    if value is None or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else list(value) if isinstance(value, tuple) else value}`"


def _values(field: FieldInfo) -> str:
    """Type or choices of a field, and its range."""
    bounds = [
        f"{sign} {getattr(bound, name):g}"
        for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
        for bound in field.metadata
        if hasattr(bound, name)
    ]
    return " ".join([_kind(field.annotation), ", ".join(bounds)]).strip()


def _kind(kind: Any) -> str:
    """A type in words."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_kind(argument) for argument in arguments if argument is not NoneType))
    return _KINDS.get(origin or kind, "text")


def _words(text: str | None) -> str:
    return " ".join((text or "").split())
