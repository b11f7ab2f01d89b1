"""Starts Docker containers as jails: one for each slot, removed when the process that started it ends."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.backends.docker.attach import AttachedConnection, start
from sandbox.backends.docker.client import Engine, call, connect
from sandbox.backends.docker.image.build import build, image_tag, is_built
from sandbox.backends.docker.reap import LABEL, owner, reap, remove
from sandbox.backends.packages import ENVIRONMENT as VARIABLES
from sandbox.backends.packages import NONE, chosen, versions
from sandbox.errors import ImageMissing, SandboxError, SandboxUnavailable
from sandbox.pool.connection import boot_command
from sandbox.pool.slot import Size

if TYPE_CHECKING:
    from docker import APIClient
    from docker.types import Mount

RUNTIME_VARIABLE = "CURE_AGENT_DOCKER_RUNTIME"
WRITABLE = {"/tmp": "size=16m,nr_inodes=256,mode=1777", "/dev/shm": "size=8m,nr_inodes=256,mode=1777"}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "PYTHONHASHSEED": "0"}
PYTHON = "/usr/bin/python3"
SPARE_PROCESSES = 48
"""Processes that a container may have in addition to those of programs."""
SPARE_THREADS = 512
"""Threads that a runtime with a kernel of its own (gVisor, Kata) needs in addition to the processes of programs."""
ORDINARY_RUNTIMES = ("runc", "crun", "youki", "io.containerd.runc.v2")
"""Runtimes whose containers run on the kernel of the machine."""
REMOVAL_S = 10
"""Seconds that the end of a connection waits for the engine to remove the container; removal is tried again later."""
NO_SYSTEM_V = {"kernel.shmmni": "0", "kernel.msgmni": "0", "kernel.sem": "0 0 0 0"}
"""Kernel settings that forbid System V objects, which would outlive an execution."""


class Docker:
    """A Launcher that uses a Docker engine, local or remote."""

    def __init__(self, engine: Engine, runtime: str | None = None, packages: str = NONE) -> None:
        """`packages` names the set of Python packages in the image."""
        self._engine = engine
        self._packages = packages
        self._runtime = runtime
        self._sysctls = dict(NO_SYSTEM_V)
        # The kernel counts processes per user id across containers, so every slot has its own.
        self._next_uid = random.SystemRandom().randrange(1 << 20, 1 << 30)
        # Containers that could not be removed, because the engine did not answer.
        self._remaining: set[str] = set()
        self._removals: set[asyncio.Task[None]] = set()

    @property
    def isolation(self) -> str:
        return describe(self._engine.info, self._runtime)

    @property
    def packages(self) -> dict[str, str]:
        return versions(self._packages)

    async def launch(self, size: Size) -> AttachedConnection:
        try:
            connection = await self._start(size)
        except SandboxError as error:
            if "sysctl" not in str(error) or not self._sysctls:
                raise SandboxError(await self._explain(error)) from error
            # Older kernels forbid sysctls in user namespaces (rootless engines). There only the runner's system-call
            # filter forbids System V objects.
            self._sysctls = {}
            return await self.launch(size)
        try:
            await self._remove_remaining()
        except BaseException:
            await asyncio.shield(connection.end())
            raise
        return connection

    async def _explain(self, error: SandboxError) -> str:
        """The reason why no jail started: that the engine has stopped, or what the engine answered."""
        try:
            await call(self._engine.client.ping)
        except SandboxError as gone:
            return f"the Docker engine no longer answers ({gone}): start it, then give the command again"
        return f"Docker could not start a sandbox: {error}"

    async def close(self) -> None:
        if self._removals:
            await asyncio.wait(self._removals)
        await self._remove_remaining()
        await call(self._engine.close)

    async def _start(self, size: Size) -> AttachedConnection:
        self._next_uid += 1
        command = boot_command(PYTHON, self._next_uid, tuple(WRITABLE))
        return await start(self._engine, lambda name: self._create(name, command, size), self._remove)

    def _create(self, name: str, command: list[str], size: Size) -> None:
        ordinary = (self._runtime or self._engine.info.get("DefaultRuntime", "runc")) in ORDINARY_RUNTIMES
        create_jail(
            self._engine.client,
            image_tag(self._packages),
            name=name,
            command=command,
            hostname="sandbox",
            environment={**ENVIRONMENT, **(VARIABLES if self._packages != NONE else {})},
            processes=size.processes + (SPARE_PROCESSES if ordinary else SPARE_THREADS),
            memory=max(1024, 2 * size.memory_mb + 512) << 20,
            runtime=self._runtime,
            sysctls=self._sysctls,
            tmpfs={
                **{path: f"{options},nosuid,nodev,noexec" for path, options in WRITABLE.items()},
                # Empty: all containers share a limited number of pseudo-terminals, and programs need none.
                "/dev/pts": "ro,size=4k,mode=755",
            },
        )

    async def _remove(self, name: str) -> None:
        """Remove a container; if the engine does not answer now, removal is tried again later."""
        removal = asyncio.create_task(self._try_to_remove(name))
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)
        await asyncio.wait([removal], timeout=REMOVAL_S)

    async def _try_to_remove(self, name: str) -> None:
        try:
            await call(lambda: remove(self._engine.client, name))
        except SandboxError:
            self._remaining.add(name)
        else:
            self._remaining.discard(name)

    async def _remove_remaining(self) -> None:
        for name in list(self._remaining):
            await self._try_to_remove(name)
            if name in self._remaining:
                return


def create_jail(
    client: APIClient,
    image: str,
    *,
    name: str,
    command: list[str],
    hostname: str,
    environment: dict[str, str],
    processes: int,
    memory: int,
    runtime: str | None,
    sysctls: dict[str, str],
    tmpfs: dict[str, str],
    capabilities: tuple[str, ...] = ("SETUID", "SETGID", "KILL"),
    network: bool = False,
    mounts: Sequence[Mount] = (),
) -> None:
    """Create a container whose first process is `command`, as root with these capabilities. Blocks.

    `memory` is in bytes and includes swap; `runtime` None is the engine's default; `tmpfs` are mount options by path.
    Raises the docker package's errors where the engine refuses.
    """
    from docker.types import LogConfig

    options: dict[str, Any] = {} if runtime is None else {"runtime": runtime}
    client.create_container(
        image,
        None,
        name=name,
        # The entry point, not the command: an image of the user's may have an entry point, which would run instead.
        entrypoint=command,
        user="0:0",
        stdin_open=True,
        working_dir="/",
        # The first process of a PID namespace ignores other signals: a stopping engine would wait 10 s in vain.
        stop_signal="SIGKILL",
        network_disabled=not network,
        hostname=hostname,
        environment=environment,
        labels={LABEL: owner(os.getpid())},
        host_config=client.create_host_config(
            network_mode="bridge" if network else "none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=list(capabilities),
            security_opt=["no-new-privileges"],
            pids_limit=processes,
            mem_limit=memory,
            memswap_limit=memory,
            ipc_mode="none",
            sysctls=sysctls,
            tmpfs=tmpfs,
            mounts=list(mounts),
            log_config=LogConfig(type="none"),
            auto_remove=True,
            **options,
        ),
    )


def describe(info: dict[str, Any], runtime: str | None) -> str:
    """The isolation of containers under this engine and runtime, in words."""
    security = " ".join(info.get("SecurityOptions") or [])
    kind = [f"engine {info['ServerVersion']}"]
    kind += ["rootless"] if "name=rootless" in security else []
    kind += ["user namespace"] if "name=userns" in security else []
    kind += [f"runtime {runtime}"] if runtime is not None else []
    # An engine without control groups for memory or processes (rootless on cgroup v1) only warns, and sets no limit.
    memory = "per slot" if info.get("MemoryLimit") else "per process only"
    processes = "" if info.get("PidsLimit", True) else ", processes per user id only"
    bounds = f"programs under a user id of their own, memory bounded {memory}{processes}"
    return f"docker ({', '.join(kind)}; {bounds})"


def chosen_runtime(runtime: str | None = None) -> str | None:
    """`runtime`, else the runtime that CURE_AGENT_DOCKER_RUNTIME names, else None: the engine's default."""
    return runtime or os.environ.get(RUNTIME_VARIABLE) or None


async def find_docker(say: Callable[[str], None] | None = None, runtime: str | None = None) -> Docker:
    """A launcher for a Docker engine with the image. With `say`, a missing image is built, and `say` gets the steps.

    `runtime` is the container runtime (`runsc`, `crun`, ...), by default what CURE_AGENT_DOCKER_RUNTIME names. Raises
    SandboxUnavailable, which says what is missing and how to get it; ImageMissing when only the image is missing.
    """
    runtime = chosen_runtime(runtime)
    packages = chosen()
    tag = image_tag(packages)
    engine = await connect()
    client = engine.client
    try:
        # Newer engines also take the name of a containerd shim, which they do not list.
        if runtime is not None and runtime not in engine.runtimes and not runtime.startswith("io.containerd."):
            known = ", ".join(engine.runtimes)
            raise SandboxUnavailable(
                f"the Docker engine has no runtime {runtime!r} ({RUNTIME_VARIABLE}): it has {known}"
            )
        if say is not None:
            await asyncio.to_thread(build, client, say, packages)
        elif not await call(lambda: is_built(client, tag)):
            raise ImageMissing(f"Docker has no image {tag}: run `cure-agent sandbox build`")
        await call(lambda: reap(client))
    except SandboxError as error:
        await call(engine.close)
        if isinstance(error, SandboxUnavailable):
            raise
        raise SandboxUnavailable(str(error)) from error
    return Docker(engine, runtime, packages)
