"""What tests of all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data and golden results; the test is skipped where it is absent."""
    folder = Path(os.environ.get("CURE_AGENT_DATA") or Path(__file__).parent.parent.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set CURE_AGENT_DATA to its folder")
    return folder
