"""Control characters in text of models and programs are shown as escapes on terminals and pages."""

from __future__ import annotations

from cure.plain import visible


def test_control_characters_are_shown() -> None:
    assert visible("a\x00b\x1b[2Jc\x9b") == "a\\x00b\\x1b[2Jc\\x9b"


def test_changes_of_direction_and_lone_surrogates_are_shown() -> None:
    assert visible("x\u202ey\u2066z\ud800") == "x\\u202ey\\u2066z\\ud800"


def test_lines_and_columns_stay() -> None:
    assert visible("a\r\nb\n\tc") == "a\nb\n\tc"
    assert visible("naïve → 数") == "naïve → 数"
