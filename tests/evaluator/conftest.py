"""Fixtures of the evaluator's tests."""

from __future__ import annotations

import pytest

from evaluator.report.output import pictures


@pytest.fixture
def drawn() -> None:
    """Lets pictures be rendered; a test that looks at pictures asks for this fixture."""


@pytest.fixture(autouse=True)
def _not_rendered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the rendering of pictures, which takes seconds, by an empty picture, unless the test asks for `drawn`."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(pictures, "_rendered", lambda _: ('<svg viewBox="0 0 1 1"></svg>', b""))
