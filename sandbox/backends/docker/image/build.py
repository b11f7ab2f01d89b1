"""Builds the sandbox image through the API of the Docker engine, which may run on another machine.

"The engine" is the Docker engine throughout this module.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sandbox.backends.packages import NONE, PLACE, install, key_of
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from docker import APIClient

HERE = Path(__file__).parent
REPOSITORY = "cure-agent-sandbox"
BUILD_S = 900
COMPILE = f"import compileall; compileall.compile_dir({PLACE!r}, quiet=2, workers=0)"
"""A program that writes missing bytecode; files that are no valid Python, such as templates, are passed over."""


def image_tag(packages: str = NONE) -> str:
    """The image's name: `cure-agent-sandbox:<hash of the files and packages it is built from>`."""
    digest = hashlib.sha256(key_of(packages).encode())
    for name in ("Dockerfile", "bootstrap.sh"):
        digest.update((HERE / name).read_bytes())
    return f"{REPOSITORY}:{digest.hexdigest()[:12]}"


def is_built(client: APIClient, tag: str) -> bool:
    """Whether the engine has an image of this name. Raises the docker package's errors where the engine fails."""
    from docker.errors import ImageNotFound

    try:
        client.inspect_image(tag)  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    except ImageNotFound:
        return False
    return True


def build(client: APIClient, say: Callable[[str], None], packages: str = NONE) -> str:
    """The tag of the image, after building it if the engine lacks it: from the Dockerfile, else from Debian packages.

    `packages` is the set of Python packages to add, see `sandbox.backends.packages`. Blocks. `say` gets one line for
    each step. Raises SandboxError with both reasons when both ways fail.
    """
    tag = image_tag(packages)
    if is_built(client, tag):
        return tag
    if packages != NONE:
        _with_packages(client, build(client, say), tag, packages, say)
        return tag
    say(f"building {tag} from its Dockerfile")
    try:
        _from_dockerfile(client, tag)
    except SandboxError as error:
        say(f"that did not work ({error}); making the same image from Debian packages")
        try:
            _from_packages(client, tag, say)
        except SandboxError as second:
            raise SandboxError(f"no sandbox image: {error}; and from Debian packages: {second}") from second
    return tag


def _with_packages(client: APIClient, base: str, tag: str, packages: str, say: Callable[[str], None]) -> None:
    """Build the image `tag` from the image `base` and a set of packages."""
    version, machine = _python_of(client, base)
    files = install(packages, version, say, machine)
    say(f"building {tag} from {base} and the packages")
    lines = f"FROM {base}\nCOPY packages {PLACE}\nRUN {json.dumps(['/usr/bin/python3', '-c', COMPILE])}\n".encode()
    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w") as archive:
            head = tarfile.TarInfo("Dockerfile")
            head.size = len(lines)
            archive.addfile(head, io.BytesIO(lines))
            archive.add(files, "packages", filter=_owned_by_root)
        context.seek(0)
        _build(client, context, tag)


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    return member


def _python_of(client: APIClient, image: str) -> tuple[tuple[int, int], str]:
    """The version of an image's Python, and the processor architecture of the image, such as x86_64."""
    command = ["/usr/bin/python3", "-c", "import platform, sys; print(*sys.version_info[:2], platform.machine())"]
    container = client.create_container(image, command, network_disabled=True)["Id"]
    try:
        client.start(container)
        client.wait(container)
        major, minor, machine = client.logs(container).decode().split()
    finally:
        client.remove_container(container, force=True)
    return (int(major), int(minor)), machine


def _from_dockerfile(client: APIClient, tag: str) -> None:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        archive.add(HERE / "Dockerfile", "Dockerfile")
    context.seek(0)
    _build(client, context, tag)


def _build(client: APIClient, context: IO[bytes], tag: str) -> None:
    """Have the engine build an image from an archive with a Dockerfile. Raises SandboxError in the engine's words."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        for event in client.build(
            fileobj=context, custom_context=True, tag=tag, rm=True, forcerm=True, decode=True, timeout=BUILD_S
        ):
            if "error" in event:
                raise SandboxError(" ".join(str(event["error"]).split()))
    except (DockerException, RequestException) as error:
        raise SandboxError(f"the engine could not build it: {error}") from error
    if not is_built(client, tag):
        raise SandboxError("the engine ended the build without an image")


def _from_packages(client: APIClient, tag: str, say: Callable[[str], None]) -> None:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    with tempfile.TemporaryDirectory(prefix="cure-agent-image-") as directory:
        archive = Path(directory) / "image.tar"
        process = subprocess.Popen(
            ["/bin/sh", HERE / "bootstrap.sh", archive], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert process.stderr is not None
        last = ""
        for line in process.stderr:
            last = line.strip()
            say(last)
        if process.wait() != 0:
            raise SandboxError(last or f"bootstrap.sh ended with status {process.returncode}")
        say("importing the image")
        repository, _, version = tag.partition(":")
        try:
            client.import_image_from_file(str(archive), repository=repository, tag=version)
        except (DockerException, RequestException) as error:
            raise SandboxError(f"the engine did not take the image: {error}") from error
    if not is_built(client, tag):
        raise SandboxError("the engine did not keep the image")
