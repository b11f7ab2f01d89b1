"""Connects to the Docker engine that DOCKER_HOST names, or to the local engine: by its API, and by raw connections."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sandbox.backends.docker.ssh import SshTunnel
from sandbox.errors import SandboxError, SandboxUnavailable

if TYPE_CHECKING:
    from docker import APIClient
    from docker.tls import TLSConfig

INSTALL = "apt-get install docker.io"
LOCAL = "/var/run/docker.sock"
CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")
ENGINE_S = 60
"""Seconds that the engine has to answer a request."""
READ_LIMIT = 1 << 20
"""Limit of asyncio's buffer for what a connection receives, in bytes."""

T = TypeVar("T")


@dataclass(frozen=True)
class Address:
    """The address of an engine, for connections that outlast a request and its answer."""

    host: str
    """Name of a host, or path of a Unix socket."""
    port: int = 0
    """0 for a Unix socket."""
    tls: ssl.SSLContext | None = None
    """None for a connection without TLS."""

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Both directions of a new connection. Raises OSError when no engine answers."""
        if not self.port:
            return await asyncio.open_unix_connection(self.host, limit=READ_LIMIT)
        return await asyncio.open_connection(self.host, self.port, ssl=self.tls, limit=READ_LIMIT)


@dataclass(frozen=True)
class Engine:
    """An engine that answered."""

    client: APIClient
    """The engine's API; its calls block."""
    address: Address
    info: dict[str, Any]
    """The engine's description of itself, as `docker info` shows it."""
    tunnel: SshTunnel | None = None
    """The local socket that leads to the engine over ssh; None for engines reached directly."""

    @property
    def version(self) -> str:
        return str(self.info["ServerVersion"])

    @property
    def runtimes(self) -> list[str]:
        """Names of the runtimes that containers can run in."""
        return sorted(self.info.get("Runtimes") or {})

    def close(self) -> None:
        """Close the connections to the engine. Blocks."""
        self.client.close()
        if self.tunnel is not None:
            self.tunnel.close()


async def connect() -> Engine:
    """The engine that DOCKER_HOST names (unix, tcp, ssh; TLS by DOCKER_TLS_VERIFY, DOCKER_CERT_PATH), or the local one.

    Raises SandboxUnavailable when the engine does not answer.
    """
    try:
        return await call(_connect)
    except SandboxUnavailable:
        raise
    except SandboxError as error:
        named = os.environ.get("DOCKER_HOST")
        remedy = "start it, or name another by DOCKER_HOST" if named else f"{INSTALL}, or start it"
        raise SandboxUnavailable(f"no Docker engine answers at {named or LOCAL} ({error}): {remedy}") from error


def _connect() -> Engine:
    from docker.constants import DEFAULT_DOCKER_API_VERSION
    from docker.utils import kwargs_from_env

    named = os.environ.get("DOCKER_HOST", "")
    _look_for_certificates(named)
    tunnel = SshTunnel(named) if named.startswith("ssh://") else None
    try:
        arguments: dict[str, Any] = {"base_url": f"unix://{tunnel.path}"} if tunnel else {**kwargs_from_env()}
        asking = _client(arguments, DEFAULT_DOCKER_API_VERSION)
        try:
            version = str(asking.version(api_version=False)["ApiVersion"])
        finally:
            asking.close()
        client = _client(arguments, version)
        try:
            info = client.info()
        except BaseException:
            client.close()
            raise
        return Engine(client, _address(arguments.get("base_url"), arguments.get("tls")), info, tunnel)
    except BaseException as error:
        if tunnel is None:
            raise
        complaint = tunnel.complaint()
        tunnel.close()
        raise SandboxError(complaint or reason(error)) from error


def _client(arguments: dict[str, Any], version: str) -> APIClient:
    from docker import APIClient

    client = APIClient(**arguments, version=version, timeout=ENGINE_S)
    # Variables such as REQUESTS_CA_BUNDLE and HTTP_PROXY would override the certificates and the host of the engine.
    client.trust_env = False
    return client


def _look_for_certificates(named: str) -> None:
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    wanted = os.environ.get("DOCKER_TLS_VERIFY") and named.startswith(("tcp://", "https://"))
    if wanted and not all((folder / file).is_file() for file in CERTIFICATES):
        raise SandboxUnavailable(
            f"TLS (DOCKER_TLS_VERIFY) needs {CERTIFICATES[0]}, {CERTIFICATES[1]} and {CERTIFICATES[2]} in {folder} "
            "(DOCKER_CERT_PATH)"
        )


def _address(base_url: str | None, tls: TLSConfig | None) -> Address:
    """The address that the API's client would use for this URL."""
    from docker.utils import parse_host

    url = urlsplit(str(parse_host(base_url, False, tls=tls is not None)))
    if url.scheme == "http+unix":
        return Address(url.path)
    return Address(url.hostname or "", url.port or 0, _context(tls) if tls is not None else None)


def _context(tls: TLSConfig) -> ssl.SSLContext:
    """The TLS context that the API's client would use with these certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_cert:
        context.load_verify_locations(tls.ca_cert)
    if tls.cert:
        certificate, key = tls.cert
        context.load_cert_chain(certificate, key)
    return context


async def call(request: Callable[[], T]) -> T:
    """The result of a blocking request to the engine, made in a thread. Raises SandboxError when the request fails."""

    def translated() -> T:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        try:
            return request()
        except (DockerException, RequestException, OSError) as error:
            raise SandboxError(reason(error)) from error

    return await asyncio.to_thread(translated)


def reason(error: BaseException) -> str:
    """The engine's own explanation, or the system's error inside a chain of connection errors; one line."""
    text = " ".join(str(getattr(error, "explanation", None) or error).split())
    said = re.search(r"\[Errno \d+\] ([^'\")]+)|Error\(\d+, '([^']+)'", text)
    return (said[1] or said[2]) if said else text
