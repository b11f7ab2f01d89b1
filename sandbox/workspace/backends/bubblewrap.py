"""Workspaces in jails made by bubblewrap: an overlay over the directory where the kernel makes one, else a copy."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.backends.bubblewrap import INSTALL, Identity, PipeConnection, explain, identities
from sandbox.backends.python import SYSTEM, JailPython, _libraries, candidates
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.workspace.backends import view
from sandbox.workspace.backends.view import Mount
from sandbox.workspace.jailed import HOME, ForeignFiles, Jailed
from sandbox.workspace.link import boot_command
from sandbox.workspace.spec import ENV, Wish

STAGE = Path(__file__).parents[1] / "inside" / "stage.py"
PLACES = ("/mnt", "/media", "/srv", "/opt")
"""Directories of any system that the mounts for bubblewrap may hide from it: their sources are opened before."""
OVERLAYS = (True, False)
"""Whether to lay an overlay over the directory, in order of preference; without one it is copied."""
FORWARD = ("--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "workspace", "--cap-drop", "ALL")


@dataclass(frozen=True)
class Way:
    """One of the ways to make a jail on this machine."""

    identity: Identity
    python: JailPython
    overlay: bool


class BubblewrapWorkspaces:
    """Starts jails over one directory."""

    def __init__(self, executable: str, wish: Wish, way: Way) -> None:
        self._executable = executable
        self._wish = wish
        self._way = way
        features = subprocess.run([executable, "--help"], capture_output=True, text=True, check=False).stdout
        self._sizes, self._disables = "--size" in features, "--disable-userns" in features

    @property
    def copies(self) -> bool:
        return not self._way.overlay

    @property
    def isolation(self) -> str:
        who = "a user id of their own" if self._way.identity.program is not None else "a user namespace"
        how = "an overlay over the directory" if self._way.overlay else "a copy of the directory in memory"
        network = "this machine's network, its own services included" if self._wish.network else "no network"
        return (
            f"bubblewrap (commands under {who}, {how}, {network}; memory bounded per process, and in sum by watching)"
        )

    async def launch(self) -> PipeConnection:
        stdin, to_supervisor = os.pipe()
        from_supervisor, stdout = os.pipe()
        complaints = os.memfd_create("complaints")
        reader, writer = os.fdopen(from_supervisor, "rb", 0), os.fdopen(to_supervisor, "wb", 0)
        caller = self._way.identity.caller
        uid = next((number for number in (self._way.identity.program, caller) if number is not None), os.geteuid())
        made = {path: _memory_file(data) for path, data in view.settings(uid, self._wish.network).items()}
        staged = self._stages
        try:
            try:
                process = await asyncio.create_subprocess_exec(
                    *(self._staged(self._jail(made)) if staged else self._jail(made)),
                    stdin=stdin,
                    stdout=stdout,
                    stderr=complaints,
                    env={},
                    cwd="/",
                    pass_fds=tuple(made.values()),
                    # What prepares the mounts leaves root behind itself.
                    user=None if staged else caller,
                    group=None if staged else caller,
                    extra_groups=None if staged or caller is None else [],
                )
            finally:
                for fd in (stdin, stdout, *made.values()):
                    os.close(fd)
            return await PipeConnection.open(process, reader, writer, complaints)
        except BaseException as error:
            # Whoever waits for a jail may be cancelled before it has one to end.
            reader.close()
            writer.close()
            with suppress(OSError):
                os.close(complaints)
            if isinstance(error, OSError):
                raise SandboxUnavailable(f"bubblewrap did not start: {error}") from error
            raise

    async def close(self) -> None:
        """Nothing is left of a jail once its first process has ended."""

    @property
    def _stages(self) -> bool:
        """Whether mounts are made before bubblewrap starts: the overlay, and what its user could not reach."""
        return self._way.overlay or (self._way.identity.caller is not None and bool(self._shown()))

    def _staged(self, jail: list[str]) -> list[str]:
        """The command that makes the mounts and then becomes bubblewrap."""
        identity = self._way.identity
        plan = {
            "place": _place(),
            "overlay": self._way.overlay,
            "directory": str(self._wish.directory),
            "uid": identity.caller if identity.caller is not None else identity.program,
            "caller": identity.caller,
            "size": self._wish.room.disk_mb << 20,
            "readable": [source for source, _ in self._shown()],
            "command": jail,
        }
        return [sys.executable, "-I", "-S", str(STAGE), json.dumps(plan)]

    def _shown(self) -> list[tuple[str, str]]:
        """Sources outside and where they are seen, all read-only."""
        shown = [(path, path) for path in (*self._wish.readable, *self._wish.repository)]
        if self._wish.environment is not None:
            shown.append((str(self._wish.environment), ENV))
        return shown

    def _jail(self, made: dict[str, int]) -> list[str]:
        """bwrap's command line."""
        wish, identity, python = self._wish, self._way.identity, self._way.python
        arguments = [self._executable, *FORWARD]
        if identity.program is None:
            arguments += ["--unshare-all", "--unshare-user", *(["--share-net"] if wish.network else [])]
            arguments += ["--disable-userns"] if self._disables else []
        else:
            arguments += ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
            arguments += [] if wish.network else ["--unshare-net"]
            arguments += [f for name in ("SETUID", "SETGID", "KILL", "CHOWN") for f in ("--cap-add", f"CAP_{name}")]
        arguments += ["--clearenv", "--setenv", "LANG", "C.UTF-8"]
        arguments += [*view.system(), "--proc", "/proc", "--dev", "/dev"]
        if python.executable != str(SYSTEM.resolve()):
            # The libraries it needs are there, with all of /usr.
            arguments += python.arguments[len(_libraries()) :]
        for path, fd in made.items():
            arguments += ["--perms", "0644", "--ro-bind-data", str(fd), path]
        writable = ["/tmp", "/dev/shm", HOME, *([ENV] if wish.preparing else [])]
        arguments += self._empty(writable)
        place = _place()
        shown = self._shown()
        mounts = [Mount(source, target) for source, target in shown]
        if self._stages:
            mounts = [Mount(f"{place}/{number}", target) for number, (_, target) in enumerate(shown)]
        if self._way.overlay:
            mounts.append(Mount(f"{place}/merged", str(wish.directory), writable=True))
        else:
            arguments += self._empty([str(wish.directory)])
        arguments += view.binds(mounts)
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]
        given = tuple(path for path in writable if path not in ("/tmp", "/dev/shm"))
        return [*arguments, *boot_command(python.executable, identity.program, (str(wish.directory), *given))]

    def _empty(self, directories: list[str]) -> list[str]:
        """Empty directories in memory, each with room of its own."""
        size = ["--size", str(self._wish.room.disk_mb << 20)] if self._sizes else []
        arguments = []
        for directory in directories:
            mode = "1777" if directory in ("/tmp", "/dev/shm") else "0755"
            arguments += [*view.parents([directory]), "--perms", mode, *size, "--tmpfs", directory]
        return arguments


async def open_bubblewrap(wish: Wish) -> Jailed:
    """A workspace in the first way that works on this machine; SandboxUnavailable says what stands in the way."""
    executable = shutil.which("bwrap")
    if executable is None:
        raise SandboxUnavailable(f"bubblewrap is not installed: {INSTALL}")
    pythons = await asyncio.to_thread(lambda: list(candidates()))
    if not pythons:
        raise SandboxUnavailable("bubblewrap finds no Python >= 3.11 with its whole library: apt-get install python3")
    complaint = ""
    overlays = True
    for way in [Way(who, python, overlay) for overlay in OVERLAYS for who in identities() for python in pythons]:
        if way.overlay and not overlays:
            continue
        try:
            return await Jailed(BubblewrapWorkspaces(executable, wish, way), wish.directory, wish.room).open()
        except ForeignFiles:
            overlays = False
        except SandboxError as error:
            complaint = str(error)
    # The last way needs least: why it did not work says most.
    raise SandboxUnavailable(explain(complaint))


def _place() -> str:
    return next(place for place in PLACES if Path(place).is_dir())


def _memory_file(data: bytes) -> int:
    fd = os.memfd_create("setting")
    os.pwrite(fd, data, 0)
    return fd
