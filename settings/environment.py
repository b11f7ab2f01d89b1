"""Environment variables as a layer of settings: CURE_AGENT_SECTION_KEY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import click

from settings.errors import SettingsError
from settings.layers import Given, Tree
from settings.options import SettingOption

PREFIX = "CURE_AGENT"
_LIKELY_MEANT = 0.8
"""Similarity, in 0..1, from which a name counts as a misspelling: unrelated variables may have the same prefix."""


def variable(option: SettingOption) -> str:
    """The name of the environment variable that sets the option's field in every command."""
    return f"{PREFIX}_{option.section.upper()}_{option.variable}"


def environment_layer(
    options: Sequence[SettingOption], environment: Mapping[str, str], commands: Sequence[str] = ()
) -> Tree:
    """Values that environment variables give these options, by key.

    `commands` are prefixes of a command's own variables, such as CURE_AGENT_SOLVE, which override the section's. An
    empty variable is ignored. Raises SettingsError, which names the variable, for a value that cannot be read.
    """
    given: dict[str, Given] = {}
    for option in options:
        for name in (variable(option), *(f"{command}_{option.variable}" for command in commands)):
            if text := environment.get(name):
                given[option.key] = Given(_parsed(option, name, text), name, is_exact=True)
    return given


def check_names(section: str, options: Sequence[SettingOption], environment: Mapping[str, str]) -> None:
    """Raise SettingsError for a variable of the section that looks like a misspelling of an option's variable."""
    start = f"{PREFIX}_{section.upper()}_"
    known = [option.variable for option in options]
    for name in environment:
        key = name.removeprefix(start)
        if name.startswith(start) and key not in known:
            meant = get_close_matches(key, known, n=1, cutoff=_LIKELY_MEANT)
            if meant:
                raise SettingsError(f"unknown variable {name}; did you mean {start}{meant[0]}?")


def _parsed(option: SettingOption, name: str, text: str) -> object:
    try:
        return option.parse(text)
    except click.BadParameter as error:
        raise SettingsError(f"{name}: {error.message}") from None
