"""Environments of workspaces are prepared once, kept, and used again; an incomplete one is never kept."""

from __future__ import annotations

import asyncio
import io
import tarfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_asyncio

from sandbox import SandboxError, SandboxUnavailable, Verdict
from sandbox.workspace import Command, PathRefused, Setup, SetupFailed, Workspace, open_workspace, shell
from sandbox.workspace.archive import unpack
from sandbox.workspace.environment import cache
from tests.sandbox.conftest import BACKENDS

Open = Callable[..., Awaitable[Workspace]]


@pytest.fixture(params=BACKENDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("one\n")
    return folder


@pytest_asyncio.fixture
async def opened(
    kind: str, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, require: Callable[[str, str], NoReturn]
) -> AsyncIterator[Open]:
    """`await opened(setup, said)`: a workspace over the project; environments are kept for this test only."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    workspaces = []
    images = await _images() if kind == "docker" else set()

    async def open_one(setup: Setup, said: list[str], **options: Any) -> Workspace:
        try:
            workspace = await open_workspace(project, kind=kind, setup=setup, say=said.append, **options)
        except SandboxUnavailable as error:
            require(kind, str(error))
        workspaces.append(workspace)
        return workspace

    yield open_one
    for workspace in workspaces:
        await workspace.close()
    if kind == "docker":
        await _remove(await _images() - images)


async def _images() -> set[str]:
    """Names of the images that hold environments; empty without an engine."""
    from sandbox.backends.docker.client import call, connect

    try:
        engine = await connect()
    except SandboxUnavailable:
        return set()
    found = await call(lambda: engine.client.images(name="cure-agent-workspace"))
    await call(engine.close)
    return {tag for image in found for tag in image["RepoTags"] or []}


async def _remove(images: set[str]) -> None:
    from sandbox.backends.docker.client import call, connect

    if images:
        engine = await connect()
        await call(lambda: [engine.client.remove_image(image) for image in images])
        await call(engine.close)


def setup_of(*commands: str) -> Setup:
    """A setup whose environment no earlier test run can have kept."""
    return Setup((f": {uuid.uuid4().hex}", *commands), ("requirements.txt",))


async def test_a_setup_runs_once_for_its_commands_and_key_files(opened: Open, project: Path) -> None:
    setup = setup_of(
        "mkdir /env/bin; echo '#!/bin/sh\necho tool' > /env/bin/tool; chmod +x /env/bin/tool",
        "ln -s tool /env/bin/link; cat requirements.txt > /env/made; ln /env/made /env/hard; touch left",
    )
    said: list[str] = []
    workspace = await opened(setup, said)
    assert len([line for line in said if "preparing" in line]) == 3
    done = await workspace.run(Command(shell("tool; link; cat /env/made /env/hard; ls; touch /env/x")))
    assert done.stdout == b"tool\ntool\none\none\nrequirements.txt\n" and done.verdict == Verdict.CRASH
    said.clear()
    again = await opened(setup, said)
    assert said == [] and (await again.run(Command(shell("tool")))).stdout == b"tool\n"
    (project / "requirements.txt").write_text("two\n")
    other = await opened(setup, said)
    assert said != [] and (await other.run(Command(shell("cat /env/made")))).stdout == b"two\n"


async def test_two_that_want_the_same_prepare_it_once(opened: Open) -> None:
    setup = setup_of("sleep 1; echo ready > /env/ready")
    said: list[str] = []
    both = await asyncio.gather(opened(setup, said), opened(setup, said))
    assert len(said) == 2
    for workspace in both:
        assert (await workspace.run(Command(shell("cat /env/ready")))).stdout == b"ready\n"


async def test_a_setup_that_fails_says_why_and_leaves_nothing(opened: Open, kind: str) -> None:
    if kind == "docker":
        await opened(setup_of("true"), [])
    kept = await _images() if kind == "docker" else set()
    folders = {path.name for path in cache().glob("*") if path.suffix != ".lock"} if cache().exists() else set()
    with pytest.raises(SetupFailed, match=r"exit status 4[\s\S]*no such thing"):
        await opened(setup_of("echo part > /env/part; echo no such thing >&2; exit 4"), [])
    assert {path.name for path in cache().glob("*") if path.suffix != ".lock"} == folders
    assert kind != "docker" or await _images() == kept


async def test_a_script_is_shown_by_its_first_line(opened: Open) -> None:
    said: list[str] = []
    with pytest.raises(SetupFailed, match="make the tool …") as raised:
        await opened(setup_of("# make the tool\nsecret=word\nexit 1"), said)
    assert said[-1] == "preparing the environment: # make the tool …" and "secret" not in str(raised.value)


async def test_the_network_of_a_setup_is_its_own(opened: Open) -> None:
    setup = setup_of("python3 -c 'import socket; print(len(socket.if_nameindex()))' > /env/interfaces")
    workspace = await opened(setup, [])
    assert (await workspace.run(Command(shell("cat /env/interfaces")))).stdout == b"1\n"


async def test_key_files_stay_in_the_directory(opened: Open) -> None:
    with pytest.raises(PathRefused):
        await opened(Setup(("true",), ("../secret",)), [])


def test_an_environment_is_unpacked_without_trust(tmp_path: Path) -> None:
    link, through, hard, device = (tarfile.TarInfo(name) for name in ("env/a", "env/a/x", "env/b", "env/c"))
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    hard.type, hard.linkname = tarfile.LNKTYPE, "/etc/passwd"
    device.type = tarfile.FIFOTYPE
    for members in ((link, through), (tarfile.TarInfo("../out"),), (tarfile.TarInfo("/out"),), (hard,), (device,)):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as target:
            for member in (tarfile.TarInfo("env"), *members):
                member.type = tarfile.DIRTYPE if member.name == "env" else member.type
                target.addfile(member)
        archive.seek(0)
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        with pytest.raises(SandboxError):
            unpack(archive, folder)
    assert not (tmp_path / "x").exists() and not (tmp_path / "out").exists()
