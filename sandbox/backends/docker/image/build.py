"""Builds the image through the engine's API, so that the engine may run on another machine."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from docker import APIClient

HERE = Path(__file__).parent
REPOSITORY = "cure-agent-sandbox"
BUILD_S = 900


def image_tag() -> str:
    """The image's name: `cure-agent-sandbox:<hash of the files it is built from>`."""
    digest = hashlib.sha256()
    for name in ("Dockerfile", "bootstrap.sh"):
        digest.update((HERE / name).read_bytes())
    return f"{REPOSITORY}:{digest.hexdigest()[:12]}"


def is_built(client: APIClient) -> bool:
    """Whether the engine has the image. Raises what the docker package raises."""
    from docker.errors import ImageNotFound

    try:
        client.inspect_image(image_tag())  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    except ImageNotFound:
        return False
    return True


def build(client: APIClient, say: Callable[[str], None]) -> str:
    """The tag of the image, after building it if the engine lacks it: from the Dockerfile, else from Debian packages.

    Blocks. `say` gets one line for each step. Raises SandboxError with both reasons when both ways fail.
    """
    tag = image_tag()
    if is_built(client):
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


def _from_dockerfile(client: APIClient, tag: str) -> None:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        archive.add(HERE / "Dockerfile", "Dockerfile")
    context.seek(0)
    try:
        for event in client.build(
            fileobj=context, custom_context=True, tag=tag, rm=True, forcerm=True, decode=True, timeout=BUILD_S
        ):
            if "error" in event:
                raise SandboxError(" ".join(str(event["error"]).split()))
    except (DockerException, RequestException) as error:
        raise SandboxError(f"the engine could not build it: {error}") from error
    if not is_built(client):
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
    if not is_built(client):
        raise SandboxError("the engine did not keep the image")
