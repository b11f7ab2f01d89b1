"""The user's settings of pip and uv: from which index packages come, through which proxy, with which certificates."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

KEPT = (
    *(
        "index-url",
        "extra-index-url",
        "find-links",
        "no-index",
        "cert",
        "constraint",
        "trusted-host",
        "proxy",
        "timeout",
    ),
    *("retries", "only-binary", "no-binary", "prefer-binary", "default-timeout", "index", "default-index"),
)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
SECRET = re.compile(r"://[^/\s@]+@")


@dataclass(frozen=True)
class Index:
    """Where packages come from, as environment variables for pip and uv."""

    env: Mapping[str, str]
    readable: tuple[str, ...] = ()
    """Files and directories that the variables name."""
    left_out: tuple[str, ...] = ()
    """Variables that are not handed to a set-up, because they hold a password and a set-up runs code of packages."""


def index_of(variables: Mapping[str, str], home: Path) -> Index:
    """The settings of the user's environment variables and configuration files of pip, the former first."""
    env = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in _configured(variables, home)}
    for name, value in variables.items():
        tool, _, option = name.partition("_")
        if name.upper() in PROXIES or (tool in ("PIP", "UV") and option.lower().replace("_", "-") in KEPT):
            env[name] = value
    secret = sorted(name for name, value in env.items() if SECRET.search(value))
    kept = {name: value for name, value in env.items() if name not in secret}
    return Index(kept, tuple(dict.fromkeys(_paths(kept))), tuple(secret))


def _configured(variables: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """Values of pip's configuration files, in the order in which later ones win."""
    directories = variables.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    files = [*(Path(directory) / "pip" / "pip.conf" for directory in directories.split(":")), Path("/etc/pip.conf")]
    user = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    files += [home / ".pip" / "pip.conf", user / "pip" / "pip.conf"]
    if named := variables.get("PIP_CONFIG_FILE"):
        files.append(Path(named))
    for file in files:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(file)
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                yield from ((name, " ".join(value.split())) for name, value in parser.items(section) if name in KEPT)


def _paths(env: Mapping[str, str]) -> Iterator[str]:
    for value in env.values():
        for word in value.split():
            found = re.fullmatch(r"(?:file://)?(/[^:]*)", word)
            if not found:
                continue
            path = Path(found[1])
            # The index /opt/pypi/simple links to files beside it.
            shown = path.parent if path.is_dir() and path.name == "simple" else path
            if shown.exists() and not shown.is_relative_to("/etc/ssl") and not shown.is_relative_to("/usr"):
                yield str(shown)
