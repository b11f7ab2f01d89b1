"""What tests of all rooms share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data and golden results; the test is skipped where it is absent."""
    folder = Path(os.environ.get("CURE_AGENT_DATA") or Path(__file__).parent.parent.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set CURE_AGENT_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def require() -> Callable[[str, str], NoReturn]:
    """`require(name, reason)`, called where part `name` is absent: skips the test with the reason.

    It fails instead where CURE_AGENT_REQUIRE, a list with commas, has the name: so that CI cannot skip by accident.
    """

    def absent(name: str, reason: str) -> NoReturn:
        required = [part.strip() for part in os.environ.get("CURE_AGENT_REQUIRE", "").split(",")]
        if name in required:
            pytest.fail(f"{name} is required here: {reason}", pytrace=False)
        pytest.skip(f"{name}: {reason}")

    return absent
