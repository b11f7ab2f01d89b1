"""Resolves sections of settings from files, environment variables and flags."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from settings.environment import check_names, environment_layer
from settings.files import file_layers, of_project
from settings.layers import Tree
from settings.options import has_flag, options_of
from settings.registry import ENGINES, SECTIONS, section
from settings.resolve import Resolved, resolve


def gather(
    names: Sequence[str],
    flags: Mapping[str, Tree] | None = None,
    commands: Sequence[str] = (),
    folder: Path | None = None,
) -> dict[str, Resolved[Any]]:
    """The sections of these names, from defaults, the user's file, the project's file, variables and `flags`.

    The first section is a command's own: its fields, and those marked with Flag in the others, are also set by the
    command's variables, whose prefixes are `commands`. `flags` are trees of values by section. The project's file is
    looked for in `folder`, by default the present one, and above. Raises SettingsError where a file cannot be read, or
    a file, a variable or a flag has an unknown key or a value that cannot be used.
    """
    user, project = file_layers(SECTIONS, (folder or Path()).resolve())
    shared = [option for name in ENGINES for option in options_of(section(name), name) if has_flag(option)]
    found = {}
    for name in names:
        model = section(name)
        options = options_of(model, name)
        check_names(name, [*options, *shared], os.environ)
        projects, ignored = of_project(name, model, _table(project, name), _table(user, name))
        own = [option for option in options if name == names[0] or has_flag(option)]
        variables = {**environment_layer(options, os.environ), **environment_layer(own, os.environ, commands)}
        layers = [_table(user, name), projects, variables, (flags or {}).get(name, {})]
        found[name] = replace(resolve(model, layers, name), ignored=ignored)
    return found


def _table(tree: Tree, name: str) -> Tree:
    table = tree.get(name, {})
    assert isinstance(table, Mapping), "a section is a table"
    return table
