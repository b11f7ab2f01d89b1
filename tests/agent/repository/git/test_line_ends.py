"""Line ends of texts."""

from __future__ import annotations

import pytest

from agent.repository.git.line_ends import CRLF, LF, adapted, keeping_line_ends, line_end
from tests.agent.repository.test_files import Held


@pytest.mark.parametrize(
    ("data", "end"),
    [(b"a\nb\n", LF), (b"a\r\nb\r\n", CRLF), (b"a\r\nb", CRLF), (b"a\nb\r\n", None), (b"a", None), (b"\0\n", None)],
)
def test_the_end_that_all_lines_have(data: bytes, end: bytes | None) -> None:
    assert line_end(data) == end


def test_a_change_is_adapted_to_the_file_in_its_place() -> None:
    assert adapted(b"a\nb\n", b"a\nc\n", b"a\r\nb\r\n") == (b"a\r\nb\r\n", b"a\r\nc\r\n")
    assert adapted(b"a\r\n", b"b\r\n", b"a\n") == (b"a\n", b"b\n")
    assert adapted(b"a\r\n", b"b\n", b"a\r\n") == (b"a\r\n", b"b\n")


def test_changed_files_keep_the_line_ends_of_the_files() -> None:
    files = Held({"w": b"a\r\nb\r\n", "u": b"a\nb\n", "mixed": b"a\r\nb\n", "bin": b"\0\r\n"})
    changed = {"w": b"a\nc\r\n", "u": b"a\r\nc\n", "mixed": b"x\ny\r\n", "bin": b"\n", "new": b"n\r\n", "gone": None}
    assert keeping_line_ends(files, changed) == {**changed, "w": b"a\r\nc\r\n", "u": b"a\nc\n"}
