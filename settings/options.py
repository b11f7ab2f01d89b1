"""Command-line options made from the fields of a section: name, type, range, choices, default and help."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
import click
from pydantic.fields import FieldInfo

from settings.marks import Flag, mark
from settings.section import Section


class SettingOption(click.Option):
    """The option of one field of a section. Click does not read environment variables: `settings.environment` does."""

    def __init__(self, section: str, key: str, field: FieldInfo) -> None:
        self.section, self.key, self.field = section, key, field
        flag = mark(field, Flag) or Flag()
        self.flag = flag.name or f"--{key.replace('_', '-')}"
        is_switch, default = field.annotation is bool, field.get_default()
        shown = isinstance(default, str | int | float | Path) and not is_switch
        super().__init__(
            [f"{self.flag}/--no-{self.flag[2:]}" if is_switch and default else self.flag, f"{section}__{key}"],
            type=None if is_switch else type_of(field),
            is_flag=is_switch or None,
            default=default if shown or is_switch else None,
            show_default=shown,
            metavar=flag.metavar,
            help=" ".join((field.description or "").replace("`", "").split()),
            allow_from_autoenv=False,
        )

    @property
    def variable(self) -> str:
        """The option's part of an environment variable's name, such as MAX_TOKENS."""
        long = self.flag[2:] if self.flag.startswith("--") else self.key
        return long.replace("-", "_").upper()

    def parse(self, text: str) -> Any:
        """The value that the text of an environment variable stands for. Raises click.BadParameter."""
        return (click.BOOL if self.is_flag else self.type).convert(text, None, None)


def options_of(model: type[Section], section: str) -> list[SettingOption]:
    """An option for every field of the model, in the order of declaration."""
    return [SettingOption(section, key, field) for key, field in model.model_fields.items()]


def has_flag(option: SettingOption) -> bool:
    """Whether the field asks for an option in commands that read its section beside their own."""
    return mark(option.field, Flag) is not None


def type_of(field: FieldInfo) -> click.ParamType[Any]:
    """Click's type of the field: a number in its range, a choice, a path, or text."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    kind: Any = kinds[0] if len(kinds) == 1 and get_origin(field.annotation) is not Literal else field.annotation
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(kind) is Literal:
        return click.Choice([str(choice) for choice in get_args(kind)])
    if kind is Path:
        return click.Path(path_type=Path)
    if kind not in (int, float):
        return click.STRING
    lowest, highest = mark(field, annotated_types.Ge), mark(field, annotated_types.Le)
    above, below = mark(field, annotated_types.Gt), mark(field, annotated_types.Lt)
    if not (lowest or highest or above or below):
        return click.INT if kind is int else click.FLOAT
    bounds: dict[str, Any] = {
        "min": above.gt if above else lowest.ge if lowest else None,
        "max": below.lt if below else highest.le if highest else None,
        "min_open": above is not None,
        "max_open": below is not None,
    }
    return click.IntRange(**bounds) if kind is int else click.FloatRange(**bounds)
