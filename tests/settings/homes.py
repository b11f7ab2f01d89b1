"""A place of its own for a test's settings: the user's file, a project with its file, no variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agent.command import cure_agent


class Home:
    """Where the command runs, and which files it finds."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.user = folder / "config" / "cure-agent" / "config.toml"
        self.project = folder / "work" / "cure-agent.toml"
        self._inside = folder / "work" / "deep" / "below"
        self._monkeypatch = monkeypatch
        self.user.parent.mkdir(parents=True)
        self._inside.mkdir(parents=True)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        monkeypatch.chdir(self._inside)

    def write(self, file: Path, text: str) -> None:
        file.write_text(text)

    def set(self, name: str, value: str) -> None:
        self._monkeypatch.setenv(name, value)

    def run(self, *arguments: str) -> Result:
        """The command's result, called in a folder below the project's."""
        return CliRunner().invoke(cure_agent, arguments, auto_envvar_prefix="CURE_AGENT")

    def explained(self, *arguments: str) -> Any:
        """What `config --explain --json` says."""
        done = self.run("config", *arguments, "--explain", "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)
