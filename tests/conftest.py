"""What tests of all rooms share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

from settings.registry import SECTIONS

PREFIXES = tuple(f"CURE_AGENT_{name.upper()}_" for name in SECTIONS)


def pytest_configure() -> None:
    """Turn off Hypothesis' deadline and its check for slow data, since tests are slow on a busy machine;
    `pytest-timeout` bounds their time.
    """
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the settings of the person who runs the tests: the settings file and the environment variables."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        del os.environ[name]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data and golden results; the test is skipped where it is absent."""
    folder = Path(os.environ.get("CURE_AGENT_DATA") or Path(__file__).parent.parent.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set CURE_AGENT_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def require() -> Callable[[str, str], NoReturn]:
    """`require(name, reason)`, called where the part `name` is absent: skips the test with the reason.

    The test fails instead if CURE_AGENT_REQUIRE, a list of names separated by commas, has `name`, so that CI cannot
    skip tests by accident.
    """

    def absent(name: str, reason: str) -> NoReturn:
        required = [part.strip() for part in os.environ.get("CURE_AGENT_REQUIRE", "").split(",")]
        if name in required:
            pytest.fail(f"{name} is required here: {reason}", pytrace=False)
        pytest.skip(f"{name}: {reason}")

    return absent
