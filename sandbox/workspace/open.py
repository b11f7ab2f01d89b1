"""Chooses what a workspace is made with on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.open import INSTALL, KINDS, _say_on_stderr
from sandbox.workspace.protocol import PathRefused, Room, Setup, Workspace
from sandbox.workspace.spec import ENV, Wish

Say = Callable[[str], None]


async def open_workspace(
    directory: Path | str,
    *,
    kind: str = "auto",
    image: str | None = None,
    network: bool = False,
    setup: Setup | None = None,
    readable: Sequence[Path | str] = (),
    room: Room | None = None,
    say: Say = _say_on_stderr,
) -> Workspace:
    """A workspace over `directory`, for the running event loop; close it when done.

    `kind` is `auto` (bubblewrap, which copies nothing and has this machine's tools, else Docker; Docker at once where
    an image is named), `docker`, `bubblewrap`, or `none` for commands one trusts. `image` is Docker's, with Python >=
    3.11 as `python3`; `network` lets commands reach other
    machines; `setup` prepares /env, or finds it prepared; `readable` are further files and directories of this machine
    that commands see where they are, read-only (an interpreter outside /usr, say); `room` bounds what fits in.
    The directory may not be changed while a workspace is open over it. Raises SandboxUnavailable.
    """
    from sandbox.workspace.backends.view import git_directories, place_of

    if kind not in KINDS:
        raise SandboxUnavailable(f"unknown sandbox {kind!r}: choose one of {', '.join(KINDS)}")
    place = place_of(Path(directory))
    shown = tuple(_readable(path) for path in readable)
    wish = Wish(place, room or Room(), network, shown, repository=tuple(git_directories(place)))
    if kind == "none":
        return await _trusted(wish, setup)
    if kind == "docker" or (kind == "auto" and image is not None):
        return await _docker(wish, image, setup, say)
    if kind == "bubblewrap":
        return await _bubblewrap(wish, image, setup, say)
    try:
        return await _bubblewrap(wish, None, setup, say)
    except SandboxUnavailable as error:
        bubblewrap = error
    try:
        return await _docker(wish, None, setup, say)
    except SandboxUnavailable as error:
        raise SandboxUnavailable(f"no sandbox works here: {INSTALL} ({bubblewrap}; {error})") from error


async def _docker(wish: Wish, image: str | None, setup: Setup | None, say: Say) -> Workspace:
    """Docker's image is built where it is missing, which `say` is told of."""
    from sandbox.workspace.backends.docker import open_docker
    from sandbox.workspace.environment import in_the_engine

    if setup is not None:
        image = await in_the_engine(setup, wish, image, say)
    return await open_docker(wish, image, say)


async def _bubblewrap(wish: Wish, image: str | None, setup: Setup | None, say: Say) -> Workspace:
    from sandbox.workspace.backends.bubblewrap import open_bubblewrap
    from sandbox.workspace.environment import on_this_machine

    if image is not None:
        raise SandboxError("an image is Docker's: bubblewrap shows commands this machine's own programs")
    if setup is not None:
        wish = replace(wish, environment=await on_this_machine(setup, wish, open_bubblewrap, say))
    return await open_bubblewrap(wish)


async def _trusted(wish: Wish, setup: Setup | None) -> Workspace:
    from sandbox.workspace.backends.trusted import TrustedWorkspace

    if setup is not None:
        raise SandboxError(f"a setup fills {ENV}, which only a sandbox has: prepare the environment yourself")
    return await TrustedWorkspace(wish.directory).open()


def _readable(path: Path | str) -> str:
    """The path as it is, made absolute: links in it are the reader's to follow."""
    absolute = Path(path).expanduser().absolute()
    if ".." in absolute.parts or not absolute.exists():
        raise PathRefused(f"{path} does not exist, or is not a plain path")
    if absolute == Path("/"):
        raise PathRefused("the whole machine is not to be shown to commands: name what they need")
    return str(absolute)
