"""Connects to a Docker engine on another machine like the docker command: `ssh HOST docker system dial-stdio`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.errors import SandboxUnavailable

CONNECT_S = 30


class SshTunnel:
    """A local socket that forwards each connection through an ssh process of its own."""

    def __init__(self, url: str) -> None:
        self._command = command(url)
        self._directory = Path(tempfile.mkdtemp(prefix="cure-agent-ssh-"))
        self._errors = self._directory / "errors"
        self._errors.touch()
        self._running: list[subprocess.Popen[bytes]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen(64)
        self._thread = threading.Thread(target=self._serve, name="docker over ssh", daemon=True)
        self._thread.start()

    @property
    def path(self) -> str:
        """The socket's path."""
        return str(self._directory / "docker.sock")

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._running = [process for process in self._running if process.poll() is None]
            with connection, self._errors.open("ab") as errors:
                # In a new session, ssh asks for no password, and an interrupt at the terminal leaves time to clean up.
                self._running.append(
                    subprocess.Popen(
                        self._command,
                        stdin=connection.fileno(),
                        stdout=connection.fileno(),
                        stderr=errors,
                        start_new_session=True,
                    )
                )

    def complaint(self) -> str:
        """The last line ssh wrote to standard error; perhaps empty."""
        lines = self._errors.read_text(errors="replace").splitlines()
        return lines[-1].strip() if lines else ""

    def close(self) -> None:
        """End every connection and remove the socket. Blocks."""
        # Closing the socket alone would not end the thread's `accept`.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)


def command(url: str) -> list[str]:
    """The command that connects to the Docker engine at `ssh://[user@]host[:port]`.

    Raises SandboxUnavailable when the URL has another part, such as a path or a password, or ssh is not installed.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.password:
        raise SandboxUnavailable("DOCKER_HOST over ssh is ssh://[user@]host[:port], nothing more")
    ssh = shutil.which("ssh")
    if ssh is None:
        raise SandboxUnavailable("DOCKER_HOST is an ssh:// address but there is no ssh: apt-get install openssh-client")
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    options = ["-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_S}"]
    return [ssh, *options, *user, *port, "--", parts.hostname, "docker", "system", "dial-stdio"]
