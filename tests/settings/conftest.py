"""Fixtures of the tests of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.homes import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A user and a project without settings, and a folder below the project's to work in."""
    return Home(tmp_path, monkeypatch)
