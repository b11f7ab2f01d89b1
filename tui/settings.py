"""Settings of the terminal UI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from settings.marks import checked
from settings.section import Section


def keymap_of(text: str) -> dict[str, str]:
    """Keys by the id of a command, of a text such as `run.why=x app.jump=ctrl+g,f2`. Raises ValueError on others."""
    found: dict[str, str] = {}
    for part in text.split():
        name, equals, keys = part.partition("=")
        if not (equals and name and keys):
            raise ValueError(f"{part!r} is not ID=KEY; write keys as run.why=x app.jump=ctrl+g,f2")
        found[name] = keys
    return found


def _check_keys(text: str) -> None:
    keymap_of(text)


class TuiOptions(Section):
    """Settings of `cure-agent tui`, the terminal UI."""

    theme: Literal["dark", "light", "ansi"] = "dark"
    """Colours; `ansi` uses the palette of the terminal and no other colour."""
    mouse: bool = True
    """Take clicks; without it, the terminal's own selection of text works."""
    ascii: bool = False
    """Use ASCII characters alone, as is done without it where the terminal's encoding is not UTF-8."""
    keys: Annotated[str, checked(_check_keys)] = Field(default="")
    """Other keys for commands, as ID=KEY with spaces between them and commas between keys: `run.why=x
    app.jump=ctrl+g,f2`. docs/tui.md lists the ids."""
