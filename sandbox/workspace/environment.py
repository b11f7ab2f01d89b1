"""Keeps environments: the files that a setup leaves in /env, stored under a key and reused read-only."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from sandbox.errors import SandboxError
from sandbox.protocol import Verdict
from sandbox.workspace.archive import unpack
from sandbox.workspace.jailed import Jailed
from sandbox.workspace.protocol import Command, CommandResult, PathRefused, Setup, SetupFailed, checked, shell
from sandbox.workspace.spec import ENV, Spec

TAIL = 2000
"""Bytes of a failed command's output that its error shows."""
LOCK_S = 0.1


def cache() -> Path:
    """The folder of this user's environments."""
    from platformdirs import user_cache_path

    return user_cache_path("cure-agent") / "environments"


def key_of(setup: Setup, spec: Spec, base: str) -> str:
    """A hash of everything that determines an environment.

    These are the setup's commands, key files and network access, the readable paths, and `base`, which
    identifies the image or system on which the environment is made.

    Raises PathRefused for a key file that lies outside the directory, OSError for one that cannot be read.
    """
    files = {}
    for name in setup.key_files:
        path = spec.directory / checked(name)
        if not path.resolve().is_relative_to(spec.directory):
            raise PathRefused(f"key file {name} leads out of {spec.directory}")
        files[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    parts = [setup.commands, files, setup.network, spec.readable, base]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def machine() -> str:
    """The `base` of `key_of` under bubblewrap: this machine's architecture, Python and operating system release."""
    release = Path("/etc/os-release")
    text = release.read_text(errors="replace") if release.is_file() else ""
    python = os.path.realpath("/usr/bin/python3")
    return f"{platform.machine()} {python} {hashlib.sha256(text.encode()).hexdigest()}"


@asynccontextmanager
async def alone(key: str) -> AsyncIterator[None]:
    """A context that holds the lock of this key: only one process or task of this machine prepares its environment."""
    folder = cache()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    fd = os.open(folder / f"{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOCK_S)
        yield
    finally:
        os.close(fd)


async def made(
    setup: Setup, spec: Spec, opened: Callable[[Spec], Awaitable[Jailed]], say: Callable[[str], None]
) -> IO[bytes]:
    """A temporary file with a tar archive of the files that the setup left in /env.

    `opened` opens the throw-away workspace in which the setup's commands run. Raises SetupFailed with the tail of a
    failed command's output, and SandboxError where the workspace cannot be opened or packed.
    """
    workspace = await opened(replace(spec, network=setup.network, preparing=True))
    archive: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # handed on, or closed below
    try:
        for command in setup.commands:
            say(f"preparing the environment: {_title(command)}")
            result = await workspace.run(Command(shell(command), setup.limits))
            if result.verdict != Verdict.OK:
                raise SetupFailed(_explain(result, command))
        await workspace.pack(ENV, archive)
        archive.seek(0)
    except BaseException:
        archive.close()
        raise
    finally:
        await asyncio.shield(workspace.close())
    return archive


async def on_this_machine(
    setup: Setup, spec: Spec, opened: Callable[[Spec], Awaitable[Jailed]], say: Callable[[str], None]
) -> Path:
    """The folder with the environment, which is made if it does not exist yet.

    Raises SetupFailed where a command of the setup fails, SandboxError where the environment cannot be made or kept.
    """
    key = await asyncio.to_thread(key_of, setup, spec, machine())
    folder = cache() / key
    async with alone(key):
        if not folder.is_dir():
            archive = await made(setup, spec, opened, say)
            with archive:
                await asyncio.to_thread(_keep, archive, folder)
    return folder / ENV.lstrip("/")


async def in_the_engine(setup: Setup, spec: Spec, image: str | None, say: Callable[[str], None]) -> str:
    """The name of an image with the environment, which is made from `image` if the Docker engine lacks it.

    Raises SetupFailed where a command of the setup fails, SandboxError where the Docker engine does not answer or lacks
    `image`.
    """
    from sandbox.backends.docker.client import call, connect
    from sandbox.workspace.backends import docker

    engine = await connect()
    try:
        base = image or await docker.own_image(engine.client, say)
        identity = await call(lambda: docker.image_id(engine.client, base))
        if not identity:
            raise SandboxError(f"the Docker engine has no image {base}: pull it first")
        key = await asyncio.to_thread(key_of, setup, spec, identity)
        tag = f"{docker.ENVIRONMENTS}:{key}"
        async with alone(key):
            if not await call(lambda: docker.image_id(engine.client, tag)):
                archive = await made(setup, spec, lambda spec: docker.open_docker(spec, base, say), say)
                with archive:
                    await call(lambda: docker.keep_environment(engine.client, base, tag, archive))
        return tag
    finally:
        await asyncio.shield(call(engine.close))


def _explain(result: CommandResult, command: str) -> str:
    tail = (result.stdout + result.stderr)[-TAIL:].decode(errors="replace").strip()
    failed = f"the setup command {_title(command)!r} failed ({result.verdict}: {result.reason})"
    return f"{failed}; the end of its output:\n{tail}"


def _title(command: str) -> str:
    """The first line of a script, which may be a comment that says what it does."""
    first, _, rest = command.partition("\n")
    return f"{first} …" if rest else first


def _keep(archive: IO[bytes], folder: Path) -> None:
    """Unpack into a temporary folder and rename it to `folder`, which is thus always complete. Blocks."""
    beside = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        unpack(archive, beside)
        beside.rename(folder)
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        if isinstance(error, OSError):
            raise SandboxError(f"the environment cannot be kept in {folder.parent}: {error}") from error
        raise
