"""The interpreter is looked for where users expect it, with its reason; nothing is run to find it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent.repository.checks.interpreter import Interpreter, NoPython, allowed, find_interpreter, installed


def interpreter(folder: Path, version: str = "3.11") -> Path:
    """An installation that only looks like one: a file that must not be run, and a library."""
    executable = folder / "bin" / f"python{version}"
    executable.parent.mkdir(parents=True)
    executable.write_text("#!/bin/sh\ntouch $0.was-run\n")
    executable.chmod(0o755)
    library = folder / "lib" / f"python{version}"
    library.mkdir(parents=True)
    (library / "os.py").write_text("")
    for name in ("python3", "python"):
        (folder / "bin" / name).symlink_to(executable.name)
    return executable


def environment(folder: Path, base: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(base)
    (folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.11.7\n")
    return folder / "bin" / "python"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "home" / "repo" / "member").mkdir(parents=True)
    return tmp_path / "home" / "repo"


def test_the_order_is_the_one_that_users_expect(root: Path) -> None:
    base = interpreter(root.parents[1] / "python")
    pinned = interpreter(root.parent / ".pyenv" / "versions" / "3.10.13", "3.10")
    (root / ".python-version").write_text("3.10\n")
    in_path = interpreter(root.parents[1] / "path")
    environ = {
        "HOME": str(root.parent),
        "PATH": str(in_path.parent),
        "UV_PROJECT_ENVIRONMENT": "uv-env",
        "VIRTUAL_ENV": str(root.parent / "active"),
        "CONDA_PREFIX": str(root.parent / "conda"),
    }
    (root.parent / "conda" / "conda-meta").mkdir(parents=True)
    conda = interpreter(root.parent / "conda", "3.12")
    expected = [
        (environment(root / "uv-env", base), "UV_PROJECT_ENVIRONMENT"),
        (environment(root / "member" / ".venv", base), "working directory"),
        (environment(root.parent / "active", base), "VIRTUAL_ENV"),
        (conda.parent / "python", "CONDA_PREFIX"),
        (environment(root / ".venv", base), "the .venv of the repository"),
        (environment(root / "venv", base), "the venv of the repository"),
        (pinned.parent / "python", ".python-version names 3.10"),
        (in_path.parent / "python3", "python3 of PATH"),
    ]
    for executable, reason in expected:
        found = find_interpreter(root, workspace=root / "member", environ=environ)
        assert found.executable == str(executable) and reason in found.reason
        assert any(str(executable).startswith(path) for path in found.readable)
        executable.unlink()
        (executable.parent / "python3").unlink(missing_ok=True)
        (executable.parent / "python").unlink(missing_ok=True)
    assert find_interpreter(root, environ=environ).reason == "python3.11 of PATH"
    in_path.unlink()
    with pytest.raises(NoPython, match="--python"):
        find_interpreter(root, workspace=root / "member", environ=environ)
    assert list(root.parents[1].rglob("*.was-run")) == []


def test_rejected_interpreters_are_told_with_the_reason(root: Path) -> None:
    environment(root / ".venv", interpreter(root.parents[1] / "python"))
    newer = interpreter(root.parents[1] / "newer", "3.13")
    environ = {"HOME": str(root.parent), "PATH": str(newer.parent), "VIRTUAL_ENV": "/gone"}
    found = find_interpreter(root, environ=environ, fits=allowed(">=3.12"))
    assert found.version == "3.13" and found.executable == str(newer.parent / "python3")
    assert [(entry.what.rpartition("/")[2], entry.why) for entry in found.rejected] == [
        ("gone", "VIRTUAL_ENV names it, but there is no interpreter"),
        (".venv", "the .venv of the repository, but the project does not allow 3.11.7"),
    ]


def test_behind_a_shim_of_pyenv_is_the_version_that_it_would_start(root: Path) -> None:
    pyenv = root.parent / ".pyenv"
    for version in ("3.9.1", "3.9.18", "3.12.1"):
        interpreter(pyenv / "versions" / version, version.rpartition(".")[0])
    (pyenv / "shims").mkdir()
    for name in ("python3", "python3.9"):
        (pyenv / "shims" / name).write_text("#!/bin/sh\n")
        (pyenv / "shims" / name).chmod(0o755)
    (pyenv / "version").write_text("3.12.1\n")
    environ = {"HOME": str(root.parent), "PATH": str(pyenv / "shims")}
    assert find_interpreter(root, environ=environ).executable == str(pyenv / "versions/3.12.1/bin/python3")
    old = find_interpreter(root, environ=environ, fits=allowed("<3.10"))
    assert old.executable == str(pyenv / "versions/3.9.18/bin/python3.9")
    (root / ".python-version").write_text("no-such-environment\n")
    assert find_interpreter(root, environ=environ).executable == str(pyenv / "versions/3.12.1/bin/python3")


def test_the_user_may_name_one(root: Path) -> None:
    base = interpreter(root.parents[1] / "python")
    made = environment(root / "env", base)
    for given in (str(made), str(root / "env"), "env"):
        found = find_interpreter(root, given=given, environ={"PATH": ""})
        assert (found.executable, found.base, found.given, found.is_environment) == (str(made), str(base), True, True)
    assert find_interpreter(root, given="python3", environ={"PATH": str(base.parent)}).base.startswith(str(base.parent))
    for wrong in ("python9", "/bin/sh", str(root / "nothing")):
        with pytest.raises(NoPython):
            find_interpreter(root, given=wrong, environ={"PATH": ""})


def test_a_forged_environment_shows_no_more_than_a_library(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = root.parent
    monkeypatch.setenv("HOME", str(home))
    executable = interpreter(home)
    environment(root / ".venv", executable)
    found = find_interpreter(root, environ={"PATH": "", "HOME": str(home)})
    assert str(home) not in found.readable
    assert set(found.readable) == {str(root / ".venv"), str(executable), str(home / "lib" / "python3.11")}
    (root / ".venv" / "pyvenv.cfg").write_text("home = /etc\n")
    again = find_interpreter(root, environ={"PATH": "", "HOME": str(home)})
    assert all(not path.startswith("/etc") for path in again.readable)


def test_a_repository_cannot_put_itself_into_the_path(root: Path) -> None:
    interpreter(root / "tools")
    with pytest.raises(NoPython):
        find_interpreter(root, environ={"PATH": str(root / "tools" / "bin"), "HOME": str(root.parent)})


def test_packages_of_an_environment_are_told_without_running_it(root: Path) -> None:
    made = environment(root / ".venv", interpreter(root.parents[1] / "python"))
    packages = root / ".venv" / "lib" / "python3.11" / "site-packages"
    (packages / "My.Package-1.0.dist-info").mkdir()
    linked = root.parent / "x" / "site-packages"
    (linked / "pytest-9.0.dist-info").mkdir(parents=True)
    (packages / "linked.pth").write_text(f"{linked}\n{root}/src\nimport site; site.addsitedir('{linked}')\n")
    found = find_interpreter(root, environ={"PATH": "", "HOME": str(root.parent)})
    assert found.executable == str(made) and installed(found) == {"my-package", "pytest"}
    assert str(linked) in found.readable and f"{root}/src" not in found.readable


def test_the_interpreter_of_these_tests_is_described() -> None:
    found = find_interpreter(Path("/"), given=sys.executable)
    assert isinstance(found, Interpreter) and found.version.startswith(
        f"{sys.version_info.major}.{sys.version_info.minor}"
    )
    assert all(Path(path).exists() for path in found.readable)


@pytest.mark.parametrize(
    ("specifier", "version", "fits"),
    [(">=3.10", "3.11.2", True), (">=3.12", "3.11", False), ("<3.13,>=3.9", "3.13", False), ("nonsense", "3.1", True)],
)
def test_what_the_project_allows(specifier: str, version: str, fits: bool) -> None:
    assert allowed(specifier)(version) is fits
