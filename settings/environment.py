"""Environment variables as a layer of settings: CURE_AGENT_SECTION_KEY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from settings.errors import SettingsError
from settings.layers import Given, Tree
from settings.options import SettingOption
from settings.resolve import nearest

PREFIX = "CURE_AGENT"
_LIKELY_MEANT = 0.85
"""Share of a variable's name that has to be right for it to be taken as a misspelling."""


def variable(option: SettingOption) -> str:
    """The variable that sets the option's field in every command."""
    return f"{PREFIX}_{option.section.upper()}_{option.variable}"


def environment_layer(
    options: Sequence[SettingOption], environment: Mapping[str, str], commands: Sequence[str] = ()
) -> Tree:
    """What variables give to the fields of these options, by key.

    `commands` are prefixes of a command's own variables, such as CURE_AGENT_SOLVE, which go over the section's own. An
    empty variable gives nothing. Raises SettingsError that names the variable.
    """
    given: dict[str, Given] = {}
    for option in options:
        for name in (variable(option), *(f"{command}_{option.variable}" for command in commands)):
            if text := environment.get(name):
                given[option.key] = Given(_parsed(option, name, text), name, is_exact=True)
    return given


def check_names(section: str, options: Sequence[SettingOption], environment: Mapping[str, str]) -> None:
    """Raises SettingsError for a variable of the section that no option has and that looks like a misspelling."""
    from difflib import get_close_matches

    known = [variable(option) for option in options]
    for name in environment:
        is_unknown = name.startswith(f"{PREFIX}_{section.upper()}_") and name not in known
        if is_unknown and get_close_matches(name, known, n=1, cutoff=_LIKELY_MEANT):
            raise SettingsError(f"unknown variable {name}{nearest(name, known)}")


def _parsed(option: SettingOption, name: str, text: str) -> object:
    try:
        return option.parse(text)
    except click.BadParameter as error:
        raise SettingsError(f"{name}: {error.message}") from None
