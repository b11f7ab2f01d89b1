"""Workspaces in jails made by bubblewrap: an overlay over the directory where the kernel makes one, else a copy."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox.backends.bubblewrap import Identity, explain, features, identities, installed, isolation_arguments
from sandbox.backends.pipe import PipeConnection, launch
from sandbox.backends.python import SYSTEM, JailPython, libraries
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.pool.connection import boot_command
from sandbox.workspace.backends import view
from sandbox.workspace.backends.view import Mount
from sandbox.workspace.jailed import HOME, ForeignFiles, Jailed
from sandbox.workspace.spec import ENV, Spec

STAGE = Path(__file__).parents[1] / "inside" / "stage.py"
PLACES = ("/mnt", "/media", "/srv", "/opt")
"""Directories of which the first that exists is mounted over, to hold the mounts made before bubblewrap starts."""
OVERLAYS = (True, False)
"""Whether to use an overlay over the directory, in order of preference; without an overlay the directory is copied."""


@dataclass(frozen=True)
class JailVariant:
    """One way to make a jail on this machine: user ids, Python, and whether the directory is overlaid or copied."""

    identity: Identity
    python: JailPython
    overlay: bool


class BubblewrapWorkspaces:
    """A WorkspaceLauncher that uses bwrap."""

    def __init__(self, executable: str, spec: Spec, variant: JailVariant) -> None:
        self._executable = executable
        self._spec = spec
        self._variant = variant
        self._features = features(executable)

    @property
    def copies(self) -> bool:
        return not self._variant.overlay

    @property
    def isolation(self) -> str:
        who = "a user id of their own" if self._variant.identity.program is not None else "a user namespace"
        how = "an overlay over the directory" if self._variant.overlay else "a copy of the directory in memory"
        network = "this machine's network, its own services included" if self._spec.network else "no network"
        return (
            f"bubblewrap (commands under {who}, {how}, {network}; memory bounded per process, and in sum by watching)"
        )

    async def launch(self) -> PipeConnection:
        caller = self._variant.identity.caller
        uid = next((number for number in (self._variant.identity.program, caller) if number is not None), os.geteuid())
        made = {path: _memory_file(data) for path, data in view.settings(uid, self._spec.network).items()}
        try:
            jail = self._jail(made)
            # The program that prepares the mounts gives up root's privileges itself.
            command, user = (self._staged(jail), None) if self._stages else (jail, caller)
            return await launch(command, user, tuple(made.values()))
        finally:
            for fd in made.values():
                os.close(fd)

    async def close(self) -> None:
        """Do nothing: the kernel removes a jail when its first process ends."""

    @property
    def _stages(self) -> bool:
        """Whether mounts must be made before bubblewrap starts: an overlay, or paths that its user could not reach."""
        return self._variant.overlay or (self._variant.identity.caller is not None and bool(self._shown()))

    def _staged(self, jail: list[str]) -> list[str]:
        """The command of a program that makes the mounts and then becomes bubblewrap."""
        identity = self._variant.identity
        plan = {
            "place": _place(),
            "overlay": self._variant.overlay,
            "directory": str(self._spec.directory),
            "uid": identity.caller if identity.caller is not None else identity.program,
            "caller": identity.caller,
            "size": self._spec.quota.disk_mb << 20,
            "readable": [source for source, _ in self._shown()],
            "command": jail,
        }
        return [sys.executable, "-I", "-S", str(STAGE), json.dumps(plan)]

    def _shown(self) -> list[tuple[str, str]]:
        """Pairs of a path on this machine and the path at which commands see it, all read-only."""
        spec = self._spec
        objects = () if spec.preparing else spec.objects
        shown = [(path, path) for path in (*spec.readable, *spec.repository, *objects)]
        if self._spec.environment is not None:
            shown.append((str(self._spec.environment), ENV))
        return shown

    def _jail(self, made: dict[str, int]) -> list[str]:
        """bwrap's command line; `made` are descriptors of files by the path they get in the jail."""
        spec, identity, python = self._spec, self._variant.identity, self._variant.python
        arguments = [self._executable]
        arguments += isolation_arguments(identity, self._features, "workspace", network=spec.network, more=("CHOWN",))
        arguments += ["--clearenv", "--setenv", "LANG", "C.UTF-8"]
        arguments += [*view.system(), "--proc", "/proc", "--dev", "/dev"]
        if python.executable != str(SYSTEM.resolve()):
            # The shared libraries that this Python needs are there already, with all of /usr.
            arguments += python.arguments[len(libraries()) :]
        for path, fd in made.items():
            arguments += ["--perms", "0644", "--ro-bind-data", str(fd), path]
        writable = ["/tmp", "/dev/shm", HOME, *([ENV] if spec.preparing else [])]
        arguments += self._empty(writable)
        place = _place()
        shown = self._shown()
        mounts = [Mount(source, target) for source, target in shown]
        if self._stages:
            mounts = [Mount(f"{place}/{number}", target) for number, (_, target) in enumerate(shown)]
        if self._variant.overlay:
            mounts.append(Mount(f"{place}/merged", str(spec.directory), writable=True))
        else:
            arguments += self._empty([str(spec.directory)])
        arguments += view.binds(mounts)
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]
        given = tuple(path for path in writable if path not in ("/tmp", "/dev/shm"))
        return [*arguments, *boot_command(python.executable, identity.program, (str(spec.directory), *given))]

    def _empty(self, directories: list[str]) -> list[str]:
        """Arguments that make empty directories in memory, each with its own bound on size."""
        size = ["--size", str(self._spec.quota.disk_mb << 20)] if "--size" in self._features else []
        arguments = []
        for directory in directories:
            mode = "1777" if directory in ("/tmp", "/dev/shm") else "0755"
            arguments += [*view.parents([directory]), "--perms", mode, *size, "--tmpfs", directory]
        return arguments


async def open_bubblewrap(spec: Spec) -> Jailed:
    """A workspace made in the first way that works on this machine.

    Raises SandboxUnavailable if no way works; the message says why and what to install or allow.
    """
    executable, pythons = await installed()
    complaint = ""
    overlays = True
    for variant in [
        JailVariant(who, python, overlay) for overlay in OVERLAYS for who in identities() for python in pythons
    ]:
        if variant.overlay and not overlays:
            continue
        try:
            return await Jailed(BubblewrapWorkspaces(executable, spec, variant), spec.directory, spec.quota).open()
        except ForeignFiles:
            overlays = False
        except SandboxError as error:
            complaint = str(error)
    # The last way needs the fewest features, so its complaint is the most telling.
    raise SandboxUnavailable(explain(complaint))


def _place() -> str:
    return next(place for place in PLACES if Path(place).is_dir())


def _memory_file(data: bytes) -> int:
    fd = os.memfd_create("setting")
    os.pwrite(fd, data, 0)
    return fd
