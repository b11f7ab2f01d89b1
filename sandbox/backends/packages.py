"""Packages that programs may import besides the standard library, in the same versions in Docker and bubblewrap."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sandbox.errors import SandboxError, SandboxUnavailable

NONE = "none"
SETS: dict[str, tuple[str, ...]] = {
    NONE: (),
    "contest": (
        *("numpy==2.3.5", "scipy==1.16.3", "networkx==3.6.1", "sympy==1.14.0", "mpmath==1.3.0"),
        *("sortedcontainers==2.4.0", "more-itertools==10.8.0", "bitarray==3.8.0"),
    ),
}
"""Packages with their exact versions, by the name of the set."""
VARIABLE = "CURE_AGENT_SANDBOX_PACKAGES"
PLACE = "/opt/packages"
"""The directory in a jail that holds the packages."""
ENVIRONMENT = {"PYTHONPATH": PLACE, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Variables of a jail with packages. Without the last two, numerical libraries start a thread for every core."""
INSTALL_S = 900


def versions(name: str) -> dict[str, str]:
    """The version of each package of a set."""
    return dict(requirement.split("==") for requirement in SETS[name])


def key_of(name: str) -> str:
    """A hash of a set's packages and versions; empty for a set without any."""
    return hashlib.sha256(" ".join(SETS[name]).encode()).hexdigest()[:12] if SETS[name] else ""


def chosen() -> str:
    """The name of the set in use: CURE_AGENT_SANDBOX_PACKAGES, else what `choose` stored, else `none`.

    Raises SandboxUnavailable for a set that does not exist.
    """
    stored = _data() / "packages-in-use"
    name = os.environ.get(VARIABLE) or (stored.read_text().strip() if stored.is_file() else NONE)
    if name not in SETS:
        raise SandboxUnavailable(f"no set of packages {name!r} ({VARIABLE}): choose one of {', '.join(SETS)}")
    return name


def choose(name: str) -> None:
    """Store the name of the set that `chosen` returns from now on, unless CURE_AGENT_SANDBOX_PACKAGES names another."""
    _data().mkdir(parents=True, exist_ok=True)
    (_data() / "packages-in-use").write_text(f"{name}\n")


def folder(name: str, version: tuple[int, int], machine: str | None = None) -> Path:
    """The folder with a set for this version of Python and kind of machine, whether it exists or not."""
    tag = f"{name}-{key_of(name)}-cp{version[0]}{version[1]}-{machine or platform.machine()}"
    return _data() / "packages" / tag


def install(name: str, version: tuple[int, int], say: Callable[[str], None], machine: str | None = None) -> Path:
    """The folder with a set, after installing it from the package index where it is missing. Blocks.

    Raises SandboxError where the installer fails, with the last line of its standard error, or takes more than
    INSTALL_S seconds, and where there is neither pip nor uv.
    """
    target = folder(name, version, machine)
    if target.is_dir():
        return target
    say(f"installing {', '.join(SETS[name])} for Python {version[0]}.{version[1]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        beside.chmod(0o755)
        _run(_installer(version, machine or platform.machine(), beside), SETS[name])
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return target


def compile_packages(target: Path, python: str) -> None:
    """Write the bytecode of all modules in `target`, by the interpreter `python` that will import them. Blocks."""
    # Exit status 1 is expected: packages hold templates that are not valid Python.
    command = [python, "-I", "-m", "compileall", "-q", "-j", "0", "-s", str(target), "-p", PLACE, str(target)]
    subprocess.run(command, capture_output=True, check=False, umask=0o022)


def _installer(version: tuple[int, int], machine: str, target: Path) -> list[str]:
    """The command of pip or uv that installs wheels for another Python than its own."""
    python = f"{version[0]}.{version[1]}"
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        platforms = [f"--platform={kind}_{machine}" for kind in ("manylinux_2_28", "manylinux2014")]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
        return [*command, "--only-binary=:all:", f"--python-version={python}", *platforms, "--target", str(target)]
    uv = shutil.which("uv")
    if uv is not None:
        command = [uv, "pip", "install", "--quiet", "--only-binary=:all:", "--python-version", python]
        return [*command, "--python-platform", f"{machine}-manylinux_2_28", "--target", str(target)]
    raise SandboxError("installing packages needs pip or uv: python -m ensurepip, or install uv")


def _run(command: list[str], requirements: tuple[str, ...]) -> None:
    try:
        done = subprocess.run(
            [*command, *requirements], capture_output=True, text=True, check=False, timeout=INSTALL_S, umask=0o022
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxError(
            f"the packages could not be installed within {INSTALL_S} seconds: the package index is slow or does not "
            f"answer; try again"
        ) from error
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        raise SandboxError(f"the packages could not be installed: {last[0].strip() if last else 'no reason given'}")


def _data() -> Path:
    from platformdirs import user_data_path

    return user_data_path("cure-agent", appauthor=False)
