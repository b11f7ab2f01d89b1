"""docs/cases.md names tests that exist, and as many forms of answers as there are."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cure import answer_forms

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 30
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"(?m)^(?:async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_forms_of_answers_are_counted_right() -> None:
    counted = {name: int(count) for name, count in re.findall(r"`([A-Z_]+)` (\d+)", PAGE)}
    tables = {name: value for name, value in vars(answer_forms).items() if name.isupper() and isinstance(value, dict)}
    assert counted == {name: len(table) for name, table in tables.items()}
