"""The base of all settings: a table of named values, each documented where it is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Section(BaseModel):
    """A table of settings: unknown keys are errors, values never change, docstrings describe the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _none(cls, value: object, info: ValidationInfo) -> object:
        """None in place of the word "none", for fields that may be None: TOML has no such value."""
        field = cls.model_fields[info.field_name or ""]
        return None if value == "none" and type(None) in get_args(field.annotation) else value

    @classmethod
    def preset_of(cls, values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG003 (for overriding)
        """Name and values of the preset that is named by one of the values of a layer; no values where none is named.

        The preset's values override lower layers and are overridden by the values of the layer itself.
        """
        return "", {}
