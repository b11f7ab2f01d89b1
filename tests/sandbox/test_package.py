"""A built wheel holds the files of the sandbox that are read by path."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ_BY_PATH = (
    "sandbox/backends/docker/image/Dockerfile",
    "sandbox/backends/docker/image/bootstrap.sh",
    "sandbox/runner/boot.py",
    "sandbox/workspace/inside/stage.py",
)


@pytest.mark.slow
def test_a_wheel_holds_everything_that_is_read_by_path(tmp_path: Path) -> None:
    build = ["pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, ROOT]
    done = subprocess.run([sys.executable, "-m", *build], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    assert set(READ_BY_PATH) <= set(zipfile.ZipFile(wheel).namelist())
