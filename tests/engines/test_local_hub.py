"""Checkpoints of the Hugging Face hub: downloads that break are continued, with a progress bar."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub", reason="needs huggingface_hub (extra: local)")

from engines import EngineError
from engines.local.checkpoint import find_checkpoint
from tests.engines.hub_server import HubServer
from tests.engines.test_gguf_hub import ask, partial_files, ranges

NAME = "Some/Model"
SIZE = 3 << 20


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The hub that downloads come from, with an empty cache."""
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"w" * SIZE)
    (folder / "pytorch_model.bin").write_bytes(b"b" * SIZE)
    with HubServer({NAME: {path.name: path for path in folder.iterdir()}}) as server:
        ask(server.url, monkeypatch)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        yield server


def weights(hub: HubServer) -> list[str]:
    """The ranges of the weights that were asked for."""
    return [wanted for wanted, line in zip(ranges(hub), files(hub), strict=True) if "safetensors" in line]


def files(hub: HubServer) -> list[str]:
    return [line for line in hub.requests if line.startswith("GET") and "resolve" in line]


def test_a_broken_download_is_continued_by_the_next_call_and_shown(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engines.hub._TRIES", 1)
    hub.cut_after = [2 << 20, 0]
    with pytest.raises(EngineError, match=r"hf:Some/Model: .*ended the transfer at 2,097,152 of 3,145,728 bytes|peer"):
        find_checkpoint("hf:Some/Model", NAME)
    assert [path.stat().st_size for path in partial_files(tmp_path)] == [2 << 20]
    found = find_checkpoint("hf:Some/Model", NAME)
    assert (found / "model.safetensors").read_bytes() == b"w" * SIZE
    assert {path.name for path in found.iterdir()} == {"config.json", "model.safetensors"}
    assert weights(hub) == ["0-", f"{2 << 20}-", f"{2 << 20}-"]
    assert "downloading model.safetensors" in capfd.readouterr().err
    asked = len(files(hub))
    assert find_checkpoint("hf:Some/Model", NAME) == found and len(files(hub)) == asked


def test_a_stopped_download_keeps_what_has_arrived(hub: HubServer, tmp_path: Path) -> None:
    from engines.hub import Stopped

    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        find_checkpoint("hf:Some/Model", NAME, stop)
    assert 0 < sum(path.stat().st_size for path in partial_files(tmp_path)) < SIZE


def test_a_model_that_is_not_there_is_one_line(hub: HubServer) -> None:
    with pytest.raises(EngineError, match="the hub has no such model") as raised:
        find_checkpoint("hf:Some/Other", "Some/Other")
    assert "\n" not in str(raised.value)
