"""Labels each container with its owner process, and removes containers whose owner is dead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import APIClient

LABEL = "cure-agent.sandbox"


def remove(client: APIClient, container: str) -> None:
    """Remove a container by id or name, running or not; do nothing when there is none. Raises APIError if refused."""
    from docker.errors import APIError, NotFound

    try:
        client.remove_container(container, force=True)
    except NotFound:
        return
    except APIError as error:
        # 409: Docker is already removing the container, because it has ended.
        if error.status_code != 409:
            raise


def reap(client: APIClient) -> None:
    """Remove containers whose owner, a process of this PID namespace and boot, is dead.

    Raises APIError where the engine refuses.
    """
    for container in client.containers(all=True, filters={"label": LABEL}):
        label = container["Labels"][LABEL]
        place, _, identity = label.rpartition(":")
        pid = identity.partition("@")[0]
        if place == _place() and pid.isdecimal() and label != owner(int(pid)):
            remove(client, container["Id"])


def owner(pid: int) -> str:
    """A label that identifies process `pid` for all time; for a dead process, a label that no process has."""
    try:
        started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        started = "dead"
    return f"{_place()}:{pid}@{started}"


def _place() -> str:
    """An identifier of this boot and PID namespace, since ids of processes in different ones must not be compared."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{Path('/proc/self/ns/pid').readlink()}"
