"""Opening and closing engines and sandbox, with real ones: scripted engines and trusted processes."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cure.session import close_all, closing, open_session
from engines import EngineError


class Opened:
    """An object whose `close` is counted, and fails if `fails` is set."""

    def __init__(self, fails: bool = False) -> None:
        self.closed = 0
        self.fails = fails

    async def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise OSError("the pipe is broken")


@pytest.fixture
def model(tmp_path: Path) -> Callable[[str], str]:
    def write(name: str) -> str:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps([{"text": name, "repeat": True}]))
        return f"scripted:{path}"

    return write


async def test_roles_with_one_spec_share_one_engine(model: Callable[[str], str]) -> None:
    one, other = model("one"), model("other")
    async with open_session([one, one, other], "none") as session:
        assert list(session.engines) == [one, other]
        assert session.engines[one].spec == one
        assert "none" in session.sandbox.isolation


async def test_what_could_be_opened_is_closed_when_the_rest_could_not(
    model: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Opened()

    async def open_sandbox(kind: str, slots: int | None) -> Opened:
        return sandbox

    monkeypatch.setattr("cure.session.open_sandbox", open_sandbox)
    with pytest.raises(EngineError, match="not found"):
        async with open_session([model("one"), "scripted:/nowhere.json"]):
            raise AssertionError("nothing can be asked")
    assert sandbox.closed == 1


async def test_cancelling_while_it_opens_closes_what_was_open(
    model: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Opened()

    async def open_engine(spec: str, *options: object) -> Opened:
        return engine

    async def open_sandbox(kind: str, slots: int | None) -> Opened:
        await asyncio.sleep(60)
        return Opened()

    monkeypatch.setattr("cure.session.open_engine", open_engine)
    monkeypatch.setattr("cure.session.open_sandbox", open_sandbox)

    async def use() -> None:
        async with open_session(["micro"]):
            raise AssertionError("the sandbox never opens")

    task = asyncio.create_task(use())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.closed == 1


async def test_an_error_on_closing_is_reported_and_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    broken, sound = Opened(fails=True), Opened()
    await close_all(broken, sound)
    assert capsys.readouterr().err == "cure-agent: cannot close Opened: the pipe is broken\n"
    with pytest.raises(ValueError, match="what happened first"):
        async with closing(broken):
            raise ValueError("what happened first")
    assert (broken.closed, sound.closed) == (2, 1)
