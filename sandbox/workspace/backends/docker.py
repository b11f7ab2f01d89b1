"""Workspaces in Docker containers: the directory is copied into the container's memory."""

from __future__ import annotations

import asyncio
import os
import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from sandbox.backends.docker.attach import AttachedConnection, start
from sandbox.backends.docker.client import Engine, call, connect
from sandbox.backends.docker.image.build import build
from sandbox.backends.docker.jails import NO_SYSTEM_V, SPARE_PROCESSES, chosen_runtime, create_jail
from sandbox.backends.docker.reap import LABEL, owner, reap, remove
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.pool.connection import boot_command
from sandbox.workspace.jailed import HOME, Jailed
from sandbox.workspace.spec import ENV, Spec

if TYPE_CHECKING:
    from docker import APIClient

ENVIRONMENTS = "cure-agent-workspace"
"""Name, and label, of the images with prepared environments; an image's tag is the key that `key_of` computes."""
PYTHON = "python3"
CLOSED = "/root"
SPARE_MB = 512
"""Megabytes of a container's memory beyond those for commands and for files."""


class DockerWorkspaces:
    """A WorkspaceLauncher that uses Docker containers; the directory is copied into each."""

    def __init__(self, engine: Engine, spec: Spec, image: str) -> None:
        self._engine = engine
        self._spec = spec
        self._image = image
        self._runtime = chosen_runtime()

    @property
    def copies(self) -> bool:
        return True

    @property
    def isolation(self) -> str:
        network = "the engine's network" if self._spec.network else "no network"
        runtime = f", runtime {self._runtime}" if self._runtime else ""
        memory = "per process and per workspace" if self._engine.info.get("MemoryLimit") else "per process"
        return (
            f"docker (engine {self._engine.version}{runtime}, image {self._image}; commands under a user id of their "
            f"own, a copy of the directory in the container's memory, {network}; memory bounded {memory})"
        )

    async def launch(self) -> AttachedConnection:
        try:
            return await start(self._engine, self._create, self._remove)
        except SandboxError as error:
            raise SandboxError(f"Docker could not start a workspace: {error}") from error

    async def close(self) -> None:
        await call(self._engine.close)

    async def _remove(self, name: str) -> None:
        # A stopped Docker engine removes nothing; after the end of this process `reap` removes containers that remain.
        with suppress(SandboxError):
            await call(lambda: remove(self._engine.client, name))

    def _create(self, name: str) -> None:
        from docker.types import Mount

        spec, quota = self._spec, self._spec.quota
        # Images close /root to other users, so paths below it need a /root that commands may enter.
        shown = (*spec.readable, *spec.repository, *(() if spec.preparing else spec.objects))
        below_closed = any(path.startswith(f"{CLOSED}/") for path in (str(spec.directory), *shown))
        owned = [str(spec.directory), HOME, *([ENV] if spec.preparing else []), *([CLOSED] if below_closed else [])]
        size = f"size={quota.disk_mb}m,exec,nosuid,nodev"
        # The kernel counts processes per user id across containers, so every workspace has its own user id.
        uid = random.SystemRandom().randrange(1 << 20, 1 << 30)
        create_jail(
            self._engine.client,
            self._image,
            name=name,
            command=boot_command(PYTHON, uid, tuple(owned)),
            hostname="workspace",
            environment={"LANG": "C.UTF-8"},
            processes=quota.limits.processes + SPARE_PROCESSES,
            memory=(quota.limits.memory_mb + quota.disk_mb + SPARE_MB) << 20,
            runtime=self._runtime,
            sysctls=NO_SYSTEM_V,
            tmpfs={
                **dict.fromkeys(owned, f"{size},mode=0755"),
                **dict.fromkeys(("/tmp", "/dev/shm"), f"{size},mode=1777"),
            },
            capabilities=("SETUID", "SETGID", "KILL", "CHOWN"),
            network=spec.network,
            mounts=[Mount(path, path, type="bind", read_only=True) for path in shown],
        )


async def open_docker(spec: Spec, image: str | None, say: Callable[[str], None]) -> Jailed:
    """A workspace in a container of `image`, by default the sandbox's own image, which is built where it is missing.

    Any other image needs Python >= 3.11 as `python3`. Where the Docker engine cannot mount this machine's files,
    commands do not see the repository of a linked worktree, nor the objects.

    Raises SandboxUnavailable if no workspace can be opened.
    """
    try:
        return await _open_docker(spec, image, say)
    except SandboxUnavailable as error:
        if not (spec.repository or spec.objects) or "bind" not in str(error):
            raise
    return await _open_docker(replace(spec, repository=(), objects=()), image, say)


async def _open_docker(spec: Spec, image: str | None, say: Callable[[str], None]) -> Jailed:
    engine = await connect()
    try:
        name = image or await own_image(engine.client, say)
        await call(lambda: reap(engine.client))
    except BaseException as error:
        await asyncio.shield(call(engine.close))
        if isinstance(error, SandboxError) and not isinstance(error, SandboxUnavailable):
            raise SandboxUnavailable(str(error)) from error
        raise
    try:
        return await Jailed(DockerWorkspaces(engine, spec, name), spec.directory, spec.quota).open()
    except SandboxError as error:
        raise SandboxUnavailable(str(error)) from error


async def own_image(client: APIClient, say: Callable[[str], None]) -> str:
    """The name of the sandbox's image, built where the engine lacks it. Raises SandboxError when it cannot be built."""
    return await asyncio.to_thread(build, client, say)


def image_id(client: APIClient, image: str) -> str:
    """The engine's id of an image, which changes with its contents; empty where there is no such image. Blocks."""
    from docker.errors import ImageNotFound

    try:
        return str(client.inspect_image(image)["Id"])  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    except ImageNotFound:
        return ""


def keep_environment(client: APIClient, base: str, tag: str, archive: IO[bytes]) -> None:
    """Keep the image `base`, with a tar archive unpacked at /, as the image `tag`. Blocks.

    Raises the docker package's errors where the engine refuses.
    """
    name = f"cure-agent-{uuid.uuid4().hex}"
    client.create_container(base, ["/bin/true"], name=name, labels={LABEL: owner(os.getpid())})
    try:
        client.put_archive(name, "/", archive)
        repository, _, version = tag.partition(":")
        # The owner label is emptied, or `reap` would remove containers of the image as those of a dead process.
        changes = [f'LABEL {LABEL}=""', f"LABEL {ENVIRONMENTS}={version}"]
        client.commit(name, repository, version, changes=changes)
    finally:
        remove(client, name)
