"""A real browser opens a report and one of its problems, without network."""

from __future__ import annotations

import html
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from evaluator.report.write import write_report
from tests.evaluator.test_report import EVIL, a_table, made_run

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def opened(require: Callable[[str, str], NoReturn]) -> Callable[[str], str]:
    """`opened(address)`: the page as it is once its script has run."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        require("chromium", f"no browser here, none of {', '.join(BROWSERS)}")

    def look(address: str) -> str:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
        # A proxy where nobody listens: whatever is asked of a network fails.
        shown = subprocess.run(
            [browser, *flags, "--proxy-server=127.0.0.1:9", address], capture_output=True, timeout=120
        )
        return shown.stdout.decode(errors="replace")

    return look


def test_a_problem_opens_and_foreign_text_stays_text(tmp_path: Path, opened: Callable[[str], str]) -> None:
    tables = [a_table(), a_table(1, name=EVIL, programs=(EVIL, "print('\u00e4')", None))]
    directory = made_run(tmp_path, tables, text=EVIL, question=EVIL)
    address = write_report(directory).as_uri()
    assert 'class="box"' not in opened(address)
    page = opened(f"{address}#problem-1")
    assert 'class="box"' in page
    assert "<img" not in page
    shown = page.split('class="box"', 1)[1].split("<script", 1)[0]
    assert EVIL in html.unescape(shown) and "print('\u00e4')" in html.unescape(shown)
    assert "\u25b6 program 0" in shown and shown.count('class="c P"') == 7
    assert "There is a test input but no test output." in shown
