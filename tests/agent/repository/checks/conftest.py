"""A Python environment with pytest that jails can read, and checkers that are closed after the test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio

from agent.repository.checks import Checker, open_checker
from sandbox import Limits, SandboxUnavailable
from tests.agent.repository.checks.held import laid_out

LIMITS = Limits(cpu_s=60, wall_s=120, memory_mb=1024, output_bytes=1 << 20, processes=64)

Open = Callable[..., Awaitable[Checker]]


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a virtual environment that has pytest and coverage alone, so that sessions start fast."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "coverage"):
        for file in distribution(name).files or ():
            if file.suffix != ".pyc" and ".." not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), packages / file)
    subprocess.run([base, "-m", "compileall", "-q", packages], check=True)
    return str(folder / "bin" / "python")


@pytest_asyncio.fixture
async def opened(tmp_path: Path, python: str, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Open]:
    """`await opened({path: text, ...})`: a checker over a repository with these files, closed after the test."""
    checkers: list[Checker] = []

    async def open_one(contents: dict[str, str], **options: Any) -> Checker:
        folder = tmp_path / f"repository-{len(checkers)}"
        files = laid_out(folder, contents)
        try:
            checker = await open_checker(folder, files, **{"python": python, "limits": LIMITS, "slots": 1, **options})
        except SandboxUnavailable as error:
            require("bubblewrap", str(error))
        checkers.append(checker)
        return checker

    yield open_one
    for checker in checkers:
        await checker.close()
