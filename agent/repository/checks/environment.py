"""The environment that tests run in: the user's own where it has what they need, else one prepared once and kept."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from agent.repository.checks.index import Index, index_of
from agent.repository.checks.interpreter import Interpreter
from agent.repository.checks.requirements import Requirements, canonical
from agent.repository.errors import RepositoryError
from sandbox import Limits, Verdict
from sandbox.workspace import Command, Setup, Workspace

PROBE = Path(__file__).parent / "inside" / "probe.py"
PROBE_LIMITS = Limits(cpu_s=60, wall_s=120, memory_mb=2048, output_bytes=1 << 20, processes=64)
SETUP_LIMITS = Limits(cpu_s=1200, wall_s=1800, memory_mb=4096, output_bytes=4 << 20, processes=512)
OLDEST_PYTEST = (5, 4)


class NoEnvironment(RepositoryError):
    """The tests cannot be run with any interpreter that was found, and no environment can be prepared."""


@dataclass(frozen=True)
class Probe:
    """What an interpreter has, told by itself in the sandbox."""

    version: str
    pytest: str
    """Version of pytest; empty without it."""
    plugins: Mapping[str, str]
    """The installed plug-ins of pytest by name, and the package of each."""
    packages: tuple[str, ...]
    """Required packages that it lacks."""
    modules: tuple[str, ...]
    """Modules that tests import and that it lacks."""
    _: KW_ONLY
    failed: tuple[str, ...] = ()
    """Requirements that could not be installed when the environment was prepared."""
    coverage: str = ""
    """Version of coverage; empty without it."""

    @property
    def lacks(self) -> tuple[str, ...]:
        """What tests need and the interpreter does not have, in words."""
        numbers = tuple(int(number) for number in re.findall(r"\d+", self.pytest)[:2])
        pytest = (
            ()
            if numbers >= OLDEST_PYTEST
            else ("pytest",)
            if not self.pytest
            else (f"pytest >= 5.4, not {self.pytest}",)
        )
        return tuple(dict.fromkeys((*pytest, *self.packages, *self.modules)))


@dataclass(frozen=True)
class Environment:
    """The interpreter that tests run under, as a workspace is opened for it."""

    executable: str
    reason: str
    readable: tuple[str, ...] = ()
    setup: Setup | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    """Whether it belongs to no environment of the project, so that plug-ins may be there for other projects."""
    _: KW_ONLY
    warnings: tuple[str, ...] = ()
    """What was left out when it was prepared, in words for people."""


def own(interpreter: Interpreter) -> Environment:
    """The interpreter as it is, with the packages that it has."""
    return Environment(
        interpreter.executable,
        interpreter.reason,
        interpreter.readable,
        env=_user_site(interpreter),
        shared=not interpreter.is_environment,
    )


def _user_site(interpreter: Interpreter) -> dict[str, str]:
    """Where an interpreter outside of environments finds the packages that the user installed for themselves."""
    if interpreter.is_environment or not interpreter.version:
        return {}
    site = Path.home() / ".local" / "lib" / f"python{'.'.join(interpreter.version.split('.')[:2])}" / "site-packages"
    return {"PYTHONUSERBASE": str(Path.home() / ".local")} if site.is_dir() else {}


def prepared(
    interpreter: Interpreter,
    requirements: Requirements,
    index: Index | None = None,
    uv: str | None = None,
) -> Environment:
    """An environment in /env with the requirements, made from the interpreter's base by a set-up with the network.

    The set-up's commands name every requirement and the versions of a lock file, so that an environment is made anew
    exactly when one of these changes. `uv` is the path of uv, which installs faster than pip.
    """
    found = index_of(os.environ, Path.home()) if index is None else index
    base = interpreter.base
    readable = tuple(path for path in interpreter.readable if not _is_environment_of(interpreter, path))
    commands = setup_commands(base, requirements, found, uv)
    words = (
        f"prepared with {len(requirements.install)} requirements of {', '.join(requirements.places) or 'pytest alone'}"
    )
    return Environment(
        "/env/bin/python",
        f"{words}, from {base} ({interpreter.reason})",
        readable=tuple(dict.fromkeys((*readable, *found.readable, *((uv,) if uv else ())))),
        setup=Setup(commands, network=True, limits=SETUP_LIMITS),
        warnings=_withheld(found),
    )


def _withheld(index: Index) -> tuple[str, ...]:
    if not index.left_out:
        return ()
    return (
        f"{', '.join(index.left_out)} {'has' if len(index.left_out) == 1 else 'have'} a password and cannot be used to "
        "prepare the environment, since that runs code of packages; packages of that index need an interpreter that "
        "has them: --python",
    )


def _is_environment_of(interpreter: Interpreter, path: str) -> bool:
    return interpreter.is_environment and Path(interpreter.executable).is_relative_to(path)


def setup_commands(base: str, requirements: Requirements, index: Index, uv: str | None = None) -> tuple[str, ...]:
    """Scripts that make /env and install into it; a requirement that cannot be installed does not keep others out.

    What failed is kept in /env/failed, one requirement a line.
    """
    quoted = shlex.quote(base)
    exports = "".join(f"export {name}={shlex.quote(value)}; " for name, value in sorted(index.env.items()))
    if uv:
        make = f"{shlex.quote(uv)} venv -q --python {quoted} /env || {quoted} -m venv --without-pip /env"
        install = f"{shlex.quote(uv)} pip install -q --compile-bytecode --python /env/bin/python"
    else:
        make = f"{quoted} -m venv --without-pip /env"
        install = "$P install -q --disable-pip-version-check --no-input --no-warn-script-location"
    pip = (
        f'P="{base} -m pip --python /env/bin/python"; '
        f"$P --version >/dev/null 2>&1 || {{ /env/bin/python -m ensurepip -q && P='/env/bin/python -m pip'; }}; "
    )
    head = f"{exports}export PIP_ROOT_USER_ACTION=ignore; cd /env && {'' if uv else pip}"
    lines = "\n".join(requirements.install)
    constraints = "\n".join(requirements.constraints)
    script = (
        f"# install {' '.join(requirements.install)}\n"
        f"{head}printf '%s\\n' {shlex.quote(lines)} > required; printf '%s\\n' {shlex.quote(constraints)} > locked; "
        f"{install} -c locked -r required || {install} -r required || "
        f'while IFS= read -r line; do {install} "$line" || echo "$line" >> failed; done < required; '
        f'/env/bin/python -c "import pytest" || {install} pytest'
    )
    return (make, script)


async def probe(workspace: Workspace, environment: Environment, requirements: Requirements) -> Probe:
    """What the environment's interpreter has, told in the sandbox. Raises NoEnvironment where it does not start."""
    order = {"packages": ["pytest", *requirements.runtime], "modules": list(requirements.modules)}
    command = Command(
        (environment.executable, "-c", PROBE.read_text()),
        limits=PROBE_LIMITS,
        stdin=json.dumps(order).encode(),
        env=environment.env,
    )
    result = await workspace.run(command)
    try:
        said: dict[str, Any] = json.loads(result.stdout)
    except ValueError:
        said = {}
    if result.verdict != Verdict.OK or not said:
        words = result.stderr_tail.decode(errors="replace").strip()[-500:]
        raise NoEnvironment(
            f"{environment.executable} ({environment.reason}) does not start in the sandbox: {result.reason}; {words}"
        )
    return Probe(
        version=said["version"],
        pytest=said["pytest"],
        plugins=dict(said["plugins"]),
        packages=tuple(said["packages"]),
        modules=tuple(said["modules"]),
        failed=tuple(said["failed"]),
        coverage=said["coverage"],
    )


def foreign(environment: Environment, found: Probe, requirements: Requirements) -> tuple[str, ...]:
    """Names of plug-ins that other projects installed into a shared interpreter, and this project never asked for."""
    if not environment.shared:
        return ()
    wanted = {canonical(name) for name in (*requirements.declared, *requirements.modules)}
    return tuple(sorted(name for name, package in found.plugins.items() if canonical(package) not in wanted))
