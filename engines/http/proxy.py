"""Proxies of the environment: HTTP and SOCKS, with NO_PROXY honoured even where the proxy itself cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from engines.errors import EngineError

T = TypeVar("T")


def with_proxies(make: Callable[[bool], T], url: str) -> T:
    """The client that `make(trust_env)` returns, where `trust_env` is whether it reads the environment's proxies.

    A client sets up all proxies of the environment at once, and fails if it cannot use one of them. If that happens,
    a server that NO_PROXY excepts gets a client without proxies; for any other server this raises EngineError.
    """
    try:
        return make(True)
    except ImportError:
        problem = "a SOCKS proxy needs a package that is missing: pip install 'cure-agent[socks]'"
    except ValueError as error:
        if not getproxies():
            raise
        problem = str(error)
    host = urlsplit(url).hostname or ""
    if proxy_bypass(host):
        return make(False)
    variables = ", ".join(f"{name.upper()}_PROXY" for name in getproxies() if name != "no")
    raise EngineError(f"cannot reach {host} through the proxy in {variables}: {problem}; or name {host} in NO_PROXY")
