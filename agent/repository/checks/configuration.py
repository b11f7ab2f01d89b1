"""Reads configuration files of a repository; a file that is absent or broken reads as an empty one."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from agent.repository.files import Files


def text(files: Files, path: str) -> str:
    """The text of a file, or an empty one where the file is absent; bytes that are not UTF-8 are replaced."""
    try:
        return files.read(path).decode("utf-8-sig", errors="replace")
    except KeyError:
        return ""


def toml(files: Files, path: str) -> dict[str, Any]:
    """The tables of a TOML file."""
    try:
        return tomllib.loads(text(files, path))
    except tomllib.TOMLDecodeError:
        return {}


def ini(files: Files, path: str) -> dict[str, dict[str, str]]:
    """The sections of an INI file with their values, line breaks kept; keys are in lower case."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, inline_comment_prefixes=None)
    try:
        parser.read_string(text(files, path))
    except configparser.Error:
        return {}
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}


def yaml(files: Files, path: str) -> Any:
    """The contents of a YAML file, without tags; None where it cannot be read."""
    from yaml import YAMLError, safe_load

    try:
        return safe_load(text(files, path))
    except YAMLError:
        return None


def table(value: object, *names: str) -> dict[str, Any]:
    """The table of these names inside a nested mapping; empty where one of them is absent or no table."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return dict(value) if isinstance(value, Mapping) else {}


def strings(value: object) -> list[str]:
    """The texts of a list; a single text is a list of one, anything else an empty one."""
    if isinstance(value, str):
        return [value]
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, Sequence) else []
