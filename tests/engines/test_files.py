"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from engines import write_atomically


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def pieces() -> list[str]:
        raise OSError("no answer")

    path = tmp_path / "kept.txt"
    path.write_text("old")
    with pytest.raises(OSError, match="no answer"):
        write_atomically(path, (piece for _ in range(1) for piece in pieces()))
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]
    assert path.read_text() == "old"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_atomically(path, "a result")
    reader.join(10)
    assert got == [b"a result"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_full_device_is_an_error_and_stays_a_device() -> None:
    device = Path("/dev/full")
    if not device.is_char_device():
        pytest.skip("no /dev/full here")
    with pytest.raises(OSError, match="No space left"):
        write_atomically(device, "a result")
    assert device.is_char_device()
