"""Proxies of the environment: HTTP and SOCKS, with NO_PROXY honoured even where the proxy itself cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from engines.errors import EngineError

T = TypeVar("T")


def with_proxies(make: Callable[[bool], T], url: str) -> T:
    """The client that `make(trust_env)` returns, where `trust_env` is whether it reads the environment's proxies.

    A client sets up all proxies of the environment at once, and fails if it cannot use one of them. In that case a
    server that NO_PROXY excepts gets a client without proxies; for any other server this raises EngineError.
    """
    problem = _problem()
    if not problem:
        return make(True)
    host = urlsplit(url).hostname or ""
    if proxy_bypass(host):
        return make(False)
    variables = ", ".join(f"{name.upper()}_PROXY" for name in getproxies() if name != "no")
    raise EngineError(f"cannot reach {host} through the proxy in {variables}: {problem}; or name {host} in NO_PROXY")


def _problem() -> str:
    """Why a proxy of the environment cannot be used; empty if all can.

    Proxies are checked before a client is made, since a client whose construction fails logs an error when it is
    discarded.
    """
    for name, address in getproxies().items():
        if name not in ("http", "https", "all") or not address:
            continue
        try:
            proxy = httpx2.Proxy(address if "://" in address else f"http://{address}")
        except (ValueError, httpx2.InvalidURL) as error:
            return str(error)
        if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
            return "a SOCKS proxy needs a package that is missing: pip install 'cure-agent[socks]'"
    return ""
