"""Marks for `Annotated` that describe a settings field beyond its type, range and docstring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo

T = TypeVar("T")


@dataclass(frozen=True)
class Flag:
    """The field has a command-line option in every command that reads its section, not only in the section's own."""

    name: str = ""
    """The option as it is typed, such as `-n`; without it the key with dashes."""
    metavar: str | None = None


@dataclass(frozen=True)
class OwnersOnly:
    """Values that a project file may not give, because the file may come with a stranger's repository."""

    forbids: Callable[[Any], bool]
    """Whether a project file may not give this value."""
    reason: str
    """Why not: a clause that messages put after the word "since"."""


@dataclass(frozen=True)
class Joined:
    """The field is a list; a project file's items are added to the user's, and cannot take their place."""


@dataclass(frozen=True)
class Secret:
    """The value is never shown, and a project file may not give it."""


@dataclass(frozen=True)
class ShapesAnswers:
    """The value of this option of an engine decides what a model may answer, such as how long an answer may be."""


def checked(check: Callable[[T], object]) -> AfterValidator:
    """A validator that keeps the values `check` accepts.

    Errors of `check` that have an `exit_code` become errors of the field; others are raised.
    """

    def validate(value: T) -> T:
        try:
            check(value)
        except Exception as error:
            if not hasattr(error, "exit_code"):
                raise
            raise ValueError(str(error)) from error
        return value

    return AfterValidator(validate)


def mark(field: FieldInfo, kind: type[T]) -> T | None:
    """The mark of this kind on a field or on one of the types it may have; None where there is none."""
    inner = [argument for argument in get_args(field.annotation) if get_origin(argument) is Annotated]
    marks = [*field.metadata, *(item for argument in inner for item in argument.__metadata__)]
    return next((item for item in marks if isinstance(item, kind)), None)
