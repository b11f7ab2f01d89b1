"""docs/metrics.md is true: its example runs, and it names every value there is."""

from __future__ import annotations

import re
from pathlib import Path

from cure.metrics.standard import score

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/metrics.md", "exec"), {})


def test_every_value_is_on_the_page() -> None:
    rows = re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(score([]).values) <= documented
