"""Packages besides the standard library: none, or a set that is the same on every backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from sandbox import Job, Limits, Sandbox, SandboxError, SandboxUnavailable, Verdict, open_sandbox
from sandbox.backends import packages
from sandbox.backends.docker.image.build import image_tag
from tests.sandbox.conftest import BACKENDS

pytestmark = pytest.mark.asyncio(loop_scope="session")

IMPORTS = """
import importlib, json, sys
names = {"more-itertools": "more_itertools"}
found = {}
for name in json.loads(input()):
    module = importlib.import_module(names.get(name, name))
    found[name] = getattr(module, "__version__", None)
print(json.dumps(found))
"""
NUMPY = """
import numpy as np
a = np.array(input().split(), dtype=np.int64)
print(a.sum(), np.linalg.matrix_power(np.array([[1, 1], [1, 0]]), 30)[0, 1], (a[:, None] * a).shape)
"""


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv(packages.VARIABLE, raising=False)


async def test_there_are_none_until_a_set_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (packages.chosen(), packages.versions(packages.chosen())) == ("none", {})
    packages.choose("contest")
    assert packages.chosen() == "contest"
    assert {"numpy", "sortedcontainers", "networkx", "sympy"} <= packages.versions("contest").keys()
    monkeypatch.setenv(packages.VARIABLE, "none")
    assert packages.chosen() == "none"
    monkeypatch.setenv(packages.VARIABLE, "contset")
    with pytest.raises(SandboxUnavailable, match="choose one of none, contest"):
        packages.chosen()


async def test_an_image_with_packages_has_a_name_of_its_own() -> None:
    assert len({image_tag(), image_tag("none"), image_tag("contest")}) == 2


@pytest.mark.parametrize("kind", BACKENDS)
async def test_packages_that_are_chosen_and_missing_name_the_command_that_installs_them(
    kind: str, monkeypatch: pytest.MonkeyPatch, require: Callable[[str, str], NoReturn]
) -> None:
    try:
        await (await open_sandbox(kind, slots=1)).close()
    except SandboxUnavailable as error:
        require(kind, str(error))
    if kind == "docker":
        pytest.skip("Docker's image is built when it is missing")
    monkeypatch.setenv(packages.VARIABLE, "contest")
    with pytest.raises(SandboxUnavailable, match="cure-agent sandbox build --packages contest"):
        await open_sandbox(kind, slots=1)


async def test_an_installer_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(packages.SETS, "wrong", ("cure-agent-no-such-package==1",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    with pytest.raises(SandboxError, match=r"could not be installed: .*cure-agent-no-such-package") as caught:
        packages.install("wrong", (3, 11), print)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cure-agent/packages").iterdir()) == []


async def test_an_installer_that_takes_too_long_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "INSTALL_S", 0.01)
    monkeypatch.setitem(packages.SETS, "wrong", ("cure-agent-no-such-package==1",))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    with pytest.raises(SandboxError, match=r"could not be installed within 0\.01 seconds: ") as caught:
        packages.install("wrong", (3, 11), print)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cure-agent/packages").iterdir()) == []


async def test_the_trusted_sandbox_has_the_packages_of_its_interpreter() -> None:
    sandbox = await open_sandbox("none", slots=1)
    script = "from importlib.metadata import version; print(version('numpy'))"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert sandbox.packages["numpy"] == done.stdout.strip()
    await sandbox.close()


INSTALLED = os.environ.get("CURE_AGENT_TEST_PACKAGES", "")


@pytest.mark.skipif(
    not INSTALLED, reason="needs the packages: CURE_AGENT_TEST_PACKAGES=DATA_HOME after `sandbox build`"
)
@pytest.mark.parametrize("kind", BACKENDS)
async def test_every_backend_has_the_same_packages(
    kind: str, monkeypatch: pytest.MonkeyPatch, require: Callable[[str, str], NoReturn]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", INSTALLED)
    monkeypatch.setenv(packages.VARIABLE, "contest")
    sandbox: Sandbox
    try:
        sandbox = await open_sandbox(kind, slots=1)
    except SandboxUnavailable as error:
        require(kind, str(error))
    try:
        wanted = packages.versions("contest")
        assert sandbox.packages == wanted
        limits = Limits(cpu_s=10, memory_mb=512)
        jobs = [
            Job("imports", IMPORTS, (json.dumps(list(wanted)).encode(),), limits),
            Job("numpy", NUMPY, (b"1 2 3\n", b"4 5\n"), limits),
        ]
        executions = {(e.job, e.index): e async for e in sandbox.run(jobs)}
        assert {e.verdict for e in executions.values()} == {Verdict.OK}, executions
        found = json.loads(executions["imports", 0].stdout)
        assert {name: version or wanted[name] for name, version in found.items()} == wanted
        assert executions["numpy", 0].stdout == b"6 832040 (3, 3)\n"
        assert executions["numpy", 1].stdout == b"9 832040 (2, 2)\n"
    finally:
        await sandbox.close()
