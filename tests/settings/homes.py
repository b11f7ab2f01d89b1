"""Folders for a test of settings: one for the user's file, and a project folder for the project's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agent.command import cure_agent


class Home:
    """The files of settings that the command finds, and the folder below the project in which the command runs."""

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
        """The result of the command with these arguments."""
        return CliRunner().invoke(cure_agent, arguments, auto_envvar_prefix="CURE_AGENT")

    def explained(self, *arguments: str) -> Any:
        """The output of `config --explain --json`, parsed."""
        done = self.run("config", *arguments, "--explain", "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)
