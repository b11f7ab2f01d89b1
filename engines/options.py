"""Finds an engine's own options among those of several engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from settings.section import Section

OptionsT = TypeVar("OptionsT", bound="Section")


def own_options(kind: type[OptionsT], given: Sequence[Section]) -> OptionsT:
    """The first of the given options that is of this type; the type's defaults where there is none."""
    return next((options for options in given if isinstance(options, kind)), kind())
