"""Opens a workspace with the backend that fits the request and works on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.open import INSTALL, KINDS, say_on_stderr, unknown
from sandbox.workspace.protocol import PathRefused, Quota, Setup, Workspace
from sandbox.workspace.spec import ENV, Spec

Say = Callable[[str], None]


async def open_workspace(
    directory: Path | str,
    *,
    kind: str = "auto",
    image: str | None = None,
    network: bool = False,
    setup: Setup | None = None,
    readable: Sequence[Path | str] = (),
    objects: Sequence[Path | str] = (),
    quota: Quota | None = None,
    say: Say = say_on_stderr,
) -> Workspace:
    """A workspace over `directory`, for the running event loop; the caller closes it.

    `kind` is `auto` (bubblewrap, which has this machine's tools and copies the directory only where no overlay over the
    directory is possible, else Docker; Docker at once where an image is named), `docker`, `bubblewrap`, or `none` for
    trusted commands.

    `image` is a Docker image with Python >= 3.11 as `python3`; `network` lets commands reach other machines; `setup`
    has the commands that fill /env, which run only if no earlier result is stored; `readable` are further files and
    directories of this machine that commands see at the same paths, read-only (an interpreter outside /usr, say);
    `objects` are object databases of git that the directory's repository names as its alternates, which commands see,
    and a setup does not; `quota` bounds what may be written and used; `say` gets a line for each slow step. The
    directory must not be changed while the workspace is open.

    Raises SandboxUnavailable where no backend of this kind works, SandboxError for a request that the backend cannot
    serve (PathRefused for a path), SetupFailed where the setup fails.
    """
    from sandbox.workspace.backends.view import git_directories, place_of

    if kind not in KINDS:
        raise unknown(kind)
    place = place_of(Path(directory))
    shown = tuple(_readable(path) for path in readable)
    spec = Spec(
        directory=place,
        quota=quota or Quota(),
        network=network,
        readable=shown,
        repository=tuple(git_directories(place)),
        objects=tuple(_readable(path) for path in objects),
    )
    if kind == "none":
        return await _trusted(spec, setup)
    if kind == "docker" or (kind == "auto" and image is not None):
        return await _docker(spec, image, setup, say)
    if kind == "bubblewrap":
        return await _bubblewrap(spec, image, setup, say)
    try:
        return await _bubblewrap(spec, None, setup, say)
    except SandboxUnavailable as error:
        bubblewrap = error
    try:
        return await _docker(spec, None, setup, say)
    except SandboxUnavailable as error:
        raise SandboxUnavailable(f"no sandbox works here: {INSTALL} ({bubblewrap}; {error})") from error


async def _docker(spec: Spec, image: str | None, setup: Setup | None, say: Say) -> Workspace:
    from sandbox.workspace.backends.docker import open_docker
    from sandbox.workspace.environment import in_the_engine

    if setup is not None:
        image = await in_the_engine(setup, spec, image, say)
    return await open_docker(spec, image, say)


async def _bubblewrap(spec: Spec, image: str | None, setup: Setup | None, say: Say) -> Workspace:
    from sandbox.workspace.backends.bubblewrap import open_bubblewrap
    from sandbox.workspace.environment import on_this_machine

    if image is not None:
        raise SandboxError("an image needs Docker: under bubblewrap commands run this machine's own programs")
    if setup is not None:
        spec = replace(spec, environment=await on_this_machine(setup, spec, open_bubblewrap, say))
    return await open_bubblewrap(spec)


async def _trusted(spec: Spec, setup: Setup | None) -> Workspace:
    from sandbox.workspace.backends.trusted import TrustedWorkspace

    if setup is not None:
        raise SandboxError(f"a setup fills {ENV}, which only a sandbox has: prepare the environment yourself")
    return await TrustedWorkspace(spec.directory).open()


def _readable(path: Path | str) -> str:
    """The absolute form of a path, links not followed. Raises PathRefused for `/`, `..`, or a missing path."""
    absolute = Path(path).expanduser().absolute()
    if ".." in absolute.parts or not absolute.exists():
        raise PathRefused(f"{path} does not exist, or is not a plain path")
    if absolute == Path("/"):
        raise PathRefused("/ cannot be made readable: name the paths that commands need")
    return str(absolute)
