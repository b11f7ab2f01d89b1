"""Finds the Python interpreter that a user expects the tests of a repository to run under; none is run."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

from agent.repository.checks.suite import Rejected
from agent.repository.errors import RepositoryError

NAMED = re.compile(r"python3?(?:\.\d+)?$|pypy3?(?:\.\d+)?$")
PYTHONS = ("python", "python3")
OPEN_PREFIXES = ("/usr", "/bin", "/lib", "/lib64")
"""Directories that commands in a sandbox see anyway."""


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter of this machine, or of an image, and what it needs of the file system."""

    executable: str
    """Path of the interpreter; where it belongs to a virtual environment, its path there."""
    reason: str
    """Where it was found, in words."""
    version: str = ""
    """`3.11`, or `3.11.7`, where a file says so; empty where only running it could tell."""
    base: str = ""
    """Path of the interpreter that a virtual environment was made from; the executable itself where it is none."""
    _: KW_ONLY
    readable: tuple[str, ...] = ()
    """Paths that commands must be able to read: the environment, and the installation of its base."""
    rejected: tuple[Rejected, ...] = ()
    given: bool = False
    """Whether the user named it."""

    @property
    def is_environment(self) -> bool:
        """Whether it belongs to a virtual environment (or one of conda), which has the packages of a project."""
        return self.base != self.executable


class NoPython(RepositoryError):
    """No interpreter can be used for the tests."""


@dataclass(frozen=True)
class _Place:
    """A place where an interpreter may be, and the words for it."""

    path: Path
    reason: str


def find_interpreter(
    root: Path,
    *,
    given: str | None = None,
    workspace: Path | None = None,
    environ: Mapping[str, str] | None = None,
    fits: Callable[[str], bool] = lambda _version: True,
) -> Interpreter:
    """The interpreter for the tests of the repository at `root`, with the reason.

    The first that exists of: `given` (a path, a directory of an environment, or a name in PATH),
    UV_PROJECT_ENVIRONMENT, `.venv` of `workspace` (the directory inside `root` that the user stands in), VIRTUAL_ENV,
    CONDA_PREFIX, `.venv` and `venv` of the root, the version of pyenv's `.python-version`, and `python3` of PATH.
    `fits` tells whether a version such as `3.11` is one that the project allows; an interpreter that was not given and
    does not fit is rejected.

    Raises NoPython where there is none, or the given one does not exist.
    """
    variables = os.environ if environ is None else environ
    if given is not None:
        return _given(given, root, variables)
    rejected: list[Rejected] = []
    for place in _places(root, workspace or root, variables):
        found = _described(place.path, place.reason)
        if found is None:
            rejected.append(Rejected(str(place.path), f"{place.reason}, but there is no interpreter"))
        elif found.version and not fits(found.version):
            rejected.append(
                Rejected(str(place.path), f"{place.reason}, but the project does not allow {found.version}")
            )
        else:
            return replace(found, rejected=tuple(rejected))
    tried = "; ".join(f"{entry.what}: {entry.why}" for entry in rejected)
    raise NoPython(f"no Python for the tests was found ({tried or 'PATH has no python3'}): name one with --python")


def in_image(image: str, place: str = "") -> Interpreter:
    """The `python3` of a Docker image; `place` is where the image is named."""
    where = f"{image}, which {place} names" if place else image
    return Interpreter("python3", f"python3 of the image {where}", base="python3")


def _given(given: str, root: Path, variables: Mapping[str, str]) -> Interpreter:
    path = Path(given).expanduser()
    if "/" not in given and not (root / given).exists():
        named = _in_path(given, variables, root)
        if named is None:
            raise NoPython(f"there is no {given} in PATH: give the path of an interpreter to --python")
        path = named
    found = _described(path if path.is_absolute() else root / path, "given by the user")
    if found is None:
        raise NoPython(f"{given} is neither a Python interpreter nor a virtual environment")
    return replace(found, given=True)


def _places(root: Path, workspace: Path, variables: Mapping[str, str]) -> Iterator[_Place]:
    if named := variables.get("UV_PROJECT_ENVIRONMENT"):
        yield _Place(root / named, "UV_PROJECT_ENVIRONMENT names it")
    if workspace != root and (workspace / ".venv").is_dir():
        yield _Place(workspace / ".venv", "the .venv of the working directory")
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if named := variables.get(name):
            yield _Place(Path(named), f"{name} names it")
    for name in (".venv", "venv"):
        if (root / name).is_dir():
            yield _Place(root / name, f"the {name} of the repository")
    yield from _pyenv(root, workspace, variables)
    for name in PYTHONS[::-1]:
        if (found := _in_path(name, variables, root)) is not None:
            yield _Place(found, f"{name} of PATH")
    for minor in range(15, 8, -1):
        if (found := _in_path(f"python3.{minor}", variables, root)) is not None:
            yield _Place(found, f"python3.{minor} of PATH")


def _pyenv(root: Path, workspace: Path, variables: Mapping[str, str]) -> Iterator[_Place]:
    """Interpreters of pyenv, or of uv, that a file `.python-version` at or above the working directory names."""
    home = Path(variables.get("HOME", "/"))
    pyenv = _pyenv_root(variables)
    for directory in (workspace, *workspace.parents):
        file = directory / ".python-version"
        if file.is_file():
            for word in file.read_text(errors="replace").split():
                for installed in _installed(word, pyenv, home, variables):
                    yield _Place(installed, f"{file} names {word}")
            return
        if directory == root and not root.is_relative_to(home):
            return


def _pyenv_root(variables: Mapping[str, str]) -> Path:
    return Path(variables.get("PYENV_ROOT") or Path(variables.get("HOME", "/")) / ".pyenv")


def _installed(word: str, pyenv: Path, home: Path, variables: Mapping[str, str]) -> list[Path]:
    """Installations of this version, the newest first; a prefix such as `3.11` stands for every `3.11.x`."""
    if not re.fullmatch(r"[\w.+-]+", word) or word in (".", "..", "system"):
        return []
    uv = Path(variables.get("UV_PYTHON_INSTALL_DIR") or home / ".local" / "share" / "uv" / "python")
    found = [pyenv / "versions" / word] if (pyenv / "versions" / word).is_dir() else []
    for pattern in (pyenv / "versions" / f"{word}.*", uv / f"cpython-{word}-*", uv / f"cpython-{word}.*"):
        if pattern.parent.is_dir():
            found += sorted(pattern.parent.glob(pattern.name), key=_by_number, reverse=True)
    return found


def _by_number(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _in_path(name: str, variables: Mapping[str, str], root: Path) -> Path | None:
    """The interpreter of this name in PATH, behind pyenv's shims; never a file of the repository."""
    for directory in variables.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which(name, path=directory) if directory else None
        if found is None:
            continue
        path = Path(found).absolute()
        if path.is_relative_to(root):
            continue
        if path.parent.name == "shims":
            real = _behind_shim(name, root, variables)
            if real is None:
                continue
            path = real
        return path
    return None


def _behind_shim(name: str, root: Path, variables: Mapping[str, str]) -> Path | None:
    """The interpreter that pyenv's shim would start, else the newest of the version in the shim's own name."""
    home = Path(variables.get("HOME", "/"))
    pyenv = _pyenv_root(variables)
    files = (*(directory / ".python-version" for directory in (root, *root.parents)), pyenv / "version")
    said = [variables.get("PYENV_VERSION", "").replace(":", " ")]
    said += [file.read_text(errors="replace") for file in files if file.is_file()]
    for word in [*" ".join(said).split(), *re.findall(r"\d+\.\d+$", name)]:
        for installed in _installed(word, pyenv, home, {}):
            if (installed / "bin" / name).exists():
                return installed / "bin" / name
    return None


def _described(path: Path, reason: str) -> Interpreter | None:
    """What is to be known of the interpreter at a path, which may also be the directory of an environment."""
    if path.is_dir():
        path = next((path / "bin" / name for name in PYTHONS if (path / "bin" / name).exists()), path)
    if not path.is_file() or not os.access(path, os.X_OK) or not NAMED.match(path.name):
        return None
    path = path.parent.resolve() / path.name
    settings = path.parent.parent / "pyvenv.cfg"
    if settings.is_file():
        return _environment(path, settings, reason)
    real = path.resolve()
    return Interpreter(str(path), reason, _version(real), str(path), readable=_shown(path.parent.parent, real))


def _environment(path: Path, settings: Path, reason: str) -> Interpreter | None:
    """An interpreter of a virtual environment; None where its base is gone."""
    lines = (line.partition("=") for line in settings.read_text(errors="replace").splitlines())
    values = {name.strip().lower(): value.strip() for name, _, value in lines}
    real = path.resolve()
    base = next((at for at in (Path(values.get("home", "")) / real.name, real) if at.is_file()), None)
    if base is None:
        return None
    prefix = path.parent.parent
    version = values.get("version") or values.get("version_info") or _version(real)
    shown = (str(prefix), *_linked(prefix), *_shown(base.resolve().parent.parent, base.resolve()))
    return Interpreter(
        str(path), reason, ".".join(version.split(".")[:3]), str(base), readable=tuple(dict.fromkeys(shown))
    )


def _linked(prefix: Path) -> Iterator[str]:
    """Directories of packages that `.pth` files of an environment add to it; directories of sources are none."""
    for file in sorted(prefix.glob("lib/python*/site-packages/*.pth")):
        for path in re.findall(r"(/[^'\"\n]*/(?:site|dist)-packages)", file.read_text(errors="replace")):
            if Path(path).is_dir():
                yield path


def _shown(prefix: Path, real: Path) -> tuple[str, ...]:
    """What commands must read of an installation below `prefix`, beyond what they see anyway.

    An installation in a directory of its own is shown whole. One in a directory that it shares with other things
    (`~/.local`, or the home directory in a forged pyvenv.cfg) is shown by its executable and library alone.
    """
    version = _version(real)
    shown = []
    for place in dict.fromkeys((prefix, real.parent.parent)):
        if any(place.is_relative_to(directory) for directory in OPEN_PREFIXES):
            continue
        own = _has_library(place, version) or (place / "conda-meta").is_dir()
        shared = Path.home().is_relative_to(place) or place == Path.home() / ".local" or len(place.parts) < 3
        if own and not shared:
            shown.append(str(place))
        elif own:
            shown += [str(at) for at in (real, place / "lib" / f"python{version}") if at.exists()]
    return tuple(shown)


def _has_library(prefix: Path, version: str) -> bool:
    return (prefix / "lib" / f"python{version}" / "os.py").is_file() or any(prefix.glob("lib/pypy*/os.py"))


def _version(real: Path) -> str:
    """`3.11` from the name of an executable such as `python3.11`; empty where the name has none."""
    found = re.search(r"(\d+\.\d+)$", real.name)
    return found[1] if found else ""


def installed(interpreter: Interpreter) -> frozenset[str]:
    """Names of the packages that lie in an interpreter's directories, told by their metadata without running it."""
    prefix = Path(interpreter.executable).parent.parent
    linked = [Path(path) for path in interpreter.readable if Path(path).name in ("site-packages", "dist-packages")]
    patterns = ("lib/python*/site-packages", "lib/python*/dist-packages", "local/lib/python*/dist-packages")
    places = [prefix] if interpreter.is_environment else [prefix, Path.home() / ".local"]
    folders = [*linked, *(folder for place in places for pattern in patterns for folder in place.glob(pattern))]
    names = (entry.name.partition("-")[0] for folder in folders for entry in folder.glob("*-*.dist-info"))
    return frozenset(re.sub(r"[-_.]+", "-", name).lower() for name in names)


def allowed(specifier: str) -> Callable[[str], bool]:
    """A test of versions for a `requires-python`; everything fits one that is empty or cannot be read."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(specifier)
    except InvalidSpecifier:
        return lambda _version: True
    return lambda version: allowed.contains(version if version.count(".") > 1 else f"{version}.99", prereleases=True)


def described(interpreter: Interpreter, others: Sequence[Rejected] = ()) -> str:
    """One line for a person: the interpreter, its version, why it was taken."""
    version = f" (Python {interpreter.version})" if interpreter.version else ""
    rest = f"; not {', '.join(entry.what for entry in others)}" if others else ""
    return f"{interpreter.executable}{version}: {interpreter.reason}{rest}"
