"""Files of JSON lines: what was written is read, and a line that is no record ends the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cure.json_lines import Lines, line_at, placed_lines, read_lines


@pytest.mark.parametrize("line", [b'{"a": 2', b'{"a": 2}', b"no JSON\n", b"[1]\n", b"3\n", b"null\n", b'"text"\n'])
def test_a_line_that_is_no_record_ends_the_file_and_is_written_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line)
    assert list(read_lines(path)) == [{"a": 1}]
    lines = Lines(path)
    lines.append({"a": 3, "half": "\ud800"})
    lines.close()
    assert list(read_lines(path)) == [{"a": 1}, {"a": 3, "half": "\ud800"}]
    with path.open("rb") as file:
        assert [line_at(file, place)["a"] for place, _ in placed_lines(path)] == [1, 3]


def test_a_file_that_is_not_there_holds_no_record(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "absent.jsonl")) == []
