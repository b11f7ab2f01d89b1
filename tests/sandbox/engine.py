"""A Docker engine only for tests, which may stop, kill and start it; the engine of the machine is left alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from sandbox.backends.docker.image.build import build, image_tag

START_S = 60
STOP_S = 30
CGROUPS = Path("/sys/fs/cgroup")


class NoEngine(Exception):
    """No engine can be started on this machine; the message says why."""


class OwnEngine:
    """A dockerd with its own containerd namespace and control group; its socket, data and log are in one folder."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder = folder
        # The folder's own name may end in `_`, which the name of a containerd namespace must not.
        self.name = f"cure-agent-test-{os.getpid()}-{zlib.crc32(os.fsencode(folder)):08x}"
        self.socket = folder / "docker.sock"
        self.log = folder / "log"
        self._command = [
            *("dockerd", "--host", f"unix://{self.socket}", "--data-root", str(folder / "data")),
            *("--exec-root", str(folder / "exec"), "--pidfile", str(folder / "pid")),
            # Without `--bridge=none`, which would remove the bridge of the machine's own engine.
            *("--iptables=false", "--ip-forward=false", "--ip-masq=false", "--cgroup-parent", f"/{self.name}"),
            *("--containerd-namespace", self.name, "--containerd-plugins-namespace", f"{self.name}-plugins"),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """The value of DOCKER_HOST for this engine."""
        return f"unix://{self.socket}"

    def client(self) -> APIClient:
        return APIClient(self.host, version="auto", timeout=START_S)

    def start(self) -> None:
        """Start the engine and wait until it answers. Raises NoEngine, with the end of its log, when it does not."""
        # A killed engine leaves these files; the process ids in them may belong to other processes by now.
        for leftover in (self.folder / "pid", self.folder / "exec/containerd/containerd.pid"):
            leftover.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(DockerException, RequestException, OSError):
                client = self.client()
                try:
                    client.ping()
                    return
                finally:
                    client.close()
            time.sleep(0.1)
        said = self.log.read_text(errors="replace").strip().splitlines()
        raise NoEngine(f"dockerd does not start here: {said[-1] if said else 'no word of why'}")

    def stop(self) -> None:
        """End the engine, which stops its containers first."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the engine like a crash does: its containers go on running."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def freeze(self, frozen: bool) -> None:
        """Suspend the engine if `frozen`, else let it continue."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def clean_up(self) -> None:
        """End the engine and remove all it has left: processes, mounts, control groups, files."""
        self.stop()
        until = time.monotonic() + STOP_S
        while (left := self.processes()) and time.monotonic() < until:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
            place = line.split()[4]
            if place.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", place], check=False, capture_output=True)
        for group in (*CGROUPS.glob(f"*/{self.name}"), *CGROUPS.glob(self.name)):
            for directory in [*sorted(group.glob("**/"), reverse=True)]:
                with suppress(OSError):
                    directory.rmdir()
        shutil.rmtree(self.folder, ignore_errors=True)

    def contained(self) -> set[int]:
        """Ids of the processes in the engine's containers, but for `runc init`.

        An engine that is killed between making a container and starting it leaves a `runc init` and its shim waiting.
        After a restart the engine does not know them, so that no client can have them removed.
        """
        found = set()
        for pid in self._members():
            with suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:2] != [b"runc", b"init"]:
                    found.add(pid)
        return found

    def _members(self) -> set[int]:
        """Ids of the processes in the engine's control group."""
        found = set()
        for group in (*CGROUPS.glob(f"*/{self.name}"), *CGROUPS.glob(self.name)):
            for members in group.glob("**/cgroup.procs"):
                with suppress(OSError):
                    found |= {int(pid) for pid in members.read_text().split()}
        return found

    def processes(self) -> set[int]:
        """Ids of the processes in the engine's control group, and of shims and containerd that name its folder."""
        found = self._members()
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = command.read_bytes().split(b"\0")
                if any(bytes(self.folder) in word for word in words) and b"containerd" in words[0]:
                    found.add(int(command.parent.name))
        return found

    def load_image(self) -> None:
        """Load the sandbox's image: a copy from the machine's engine, else a new build."""
        client = self.client()
        try:
            try:
                source = APIClient(version="auto", timeout=START_S)
                try:
                    archive = b"".join(source.get_image(image_tag()))
                    client.load_image(archive)  # type: ignore[no-untyped-call]  # the stubs leave it untyped
                finally:
                    source.close()
            except (DockerException, RequestException):
                build(client, lambda _: None)
        finally:
            client.close()


@contextmanager
def own_engine(options: Sequence[str] = (), image: bool = True) -> Iterator[OwnEngine]:
    """A running engine, with the sandbox's image if `image`. Raises NoEngine, which says why there is none."""
    if os.geteuid() != 0:
        raise NoEngine("only root can start a Docker engine of its own")
    if shutil.which("dockerd") is None:
        raise NoEngine("dockerd is not installed: apt-get install docker.io")
    # A short path: a socket's path has at most 107 characters, and the engine makes sockets deeper in the folder.
    engine = OwnEngine(Path(tempfile.mkdtemp(prefix="ca-engine-", dir="/tmp")), options)
    try:
        # With --userns-remap, root in a container is an ordinary user to this folder.
        engine.folder.chmod(0o711)
        engine.start()
        if image:
            engine.load_image()
        yield engine
    finally:
        engine.clean_up()
