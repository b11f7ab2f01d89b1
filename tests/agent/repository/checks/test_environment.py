"""An environment is prepared from what the repository declares, once, and used without the network."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NoReturn

import pytest

from agent.repository.checks import NoEnvironment, establish, open_checker
from agent.repository.checks.environment import Environment, Probe, foreign, prepared
from agent.repository.checks.index import Index
from agent.repository.checks.interpreter import Interpreter
from agent.repository.checks.requirements import Requirements
from sandbox import SandboxUnavailable
from tests.agent.repository.checks.conftest import LIMITS, Open
from tests.agent.repository.checks.held import laid_out

PROJECT = {
    "pyproject.toml": """
        [project]
        name = "sums"
        dependencies = ["cure-agent-sums-helper>=1"]
        [dependency-groups]
        test = ["pytest", "cure-agent-no-such-package"]
        """,
    "sums.py": "from cure_agent_sums_helper import VALUE\n",
    "tests/test_sums.py": """
        import socket
        from importlib.metadata import version
        import sums

        def test_value():
            assert sums.VALUE == 3 and version("sums") == "0.0.0"

        def test_there_is_no_network():
            assert [name for _, name in socket.if_nameindex()] == ["lo"]
        """,
}


def wheel(folder: Path, name: str, files: dict[str, bytes], version: str, needs: Sequence[str] = ()) -> None:
    """A wheel with these files and the metadata that pip asks for."""
    lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = {
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}".encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        for path, data in {**files, **metadata}.items():
            archive.writestr(path, data)
        archive.writestr(f"{stem}.dist-info/RECORD", "".join(f"{path},,\n" for path in {**files, **metadata}))


@pytest.fixture
def only_local_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds pytest, what it needs, and one package more in a folder, and asks no index."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "cure-agent-sums-helper", {"cure_agent_sums_helper.py": b"VALUE = 3\n"}, "1.0")
    for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        found = distribution(name)
        code = {
            str(file): Path(str(file.locate())).read_bytes()
            for file in found.files or ()
            if file.suffix == ".py" and ".." not in file.parts
        }
        wheel(wheels, name, code, found.version, [need for need in found.requires or () if "extra" not in need])
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{sys.base_prefix}/bin:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


@pytest.mark.slow
@pytest.mark.bubblewrap
@pytest.mark.usefixtures("only_local_wheels")
async def test_an_environment_is_prepared_once(tmp_path: Path, require: Callable[[str, str], NoReturn]) -> None:
    files = laid_out(tmp_path / "sums", PROJECT)
    said: list[str] = []
    options: dict[str, Any] = {"limits": LIMITS, "say": said.append}
    try:
        async with await open_checker(tmp_path / "sums", files, **options) as checker:
            base = await establish(checker)
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    assert base.stable == {"tests/test_sums.py::test_value", "tests/test_sums.py::test_there_is_no_network"}
    assert checker.place.environment.executable == "/env/bin/python"
    assert "lacks cure-agent-sums-helper" in checker.place.environment.reason
    assert [line for line in said if "preparing" in line] and said[-1].endswith("cure-agent-no-such-package")
    said.clear()
    async with await open_checker(tmp_path / "sums", files, **options):
        assert not [line for line in said if "preparing" in line]


@pytest.mark.bubblewrap
async def test_a_given_interpreter_is_taken_with_what_it_lacks(opened: Open, tmp_path: Path, python: str) -> None:
    said: list[str] = []
    await opened(PROJECT, say=said.append)
    assert len(said) == 1 and "lacks cure-agent-sums-helper" in said[0]
    bare = tmp_path / "bare"
    subprocess.run([Path(python).resolve(), "-m", "venv", "--without-pip", bare], check=True)
    with pytest.raises(NoEnvironment, match="lacks pytest"):
        await opened(PROJECT, python=str(bare))


def test_what_an_environment_is_made_of_is_not_shown_to_it() -> None:
    venv = Interpreter("/x/.venv/bin/python", "given", base="/y/bin/python3", readable=("/x/.venv", "/y"))
    made = prepared(venv, Requirements(install=("pytest",)), Index({}, ("/wheels",)), "/opt/uv")
    assert made.readable == ("/y", "/wheels", "/opt/uv") and made.setup is not None and made.setup.network
    assert all("/x/.venv" not in command for command in made.setup.commands)


def test_plug_ins_of_other_projects_are_not_loaded() -> None:
    shared = Environment("/usr/bin/python3", "found", shared=True)
    found = Probe(
        "3.11", "9.0", {"benchmark": "pytest-benchmark", "asyncio": "pytest_asyncio", "hyp": "hypothesis"}, (), ()
    )
    needs = Requirements(install=("pytest",), declared=("pytest-asyncio",), modules=("hypothesis",))
    assert foreign(shared, found, needs) == ("benchmark",)
    assert foreign(Environment("/x/.venv/bin/python", "found"), found, needs) == ()


@pytest.mark.parametrize(("version", "enough"), [("9.0.3", True), ("5.4", True), ("5.3.5", False), ("", False)])
def test_pytest_has_to_be_there_and_not_too_old(version: str, enough: bool) -> None:
    assert (Probe("3.11", version, {}, (), ()).lacks == ()) is enough
