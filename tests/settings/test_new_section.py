"""A new section of settings needs only a model and an entry in the registry.

Its options, variables, keys in files, lines of `config` and part of the reference page are made from the model.
"""

from __future__ import annotations

from typing import get_args

import click
import pytest
from pydantic import Field

from cure.extract import MODES
from cure.settings import Extraction
from engines.serve.command import serve
from engines.serve.settings import ServeOptions
from settings import registry
from settings.command import SettingsCommand
from settings.reference import reference_page
from settings.section import Section
from tests.settings.homes import Home


class TeaOptions(Section):
    """Tea, `cure-agent tea`."""

    minutes: float = Field(default=3.0, gt=0, le=10)
    """Minutes in the water."""
    milk: bool = False
    """Milk in it."""


@click.command("tea", cls=SettingsCommand, section="tea")
def tea(settings: TeaOptions) -> None:
    """Make tea."""
    click.echo(f"{settings.minutes:g} minutes, milk: {settings.milk}")


@pytest.fixture
def with_tea(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.SECTIONS, "tea", f"{__name__}:TeaOptions")


def said(*arguments: str) -> str:
    from click.testing import CliRunner

    return CliRunner().invoke(tea, arguments).output


@pytest.mark.usefixtures("with_tea")
def test_a_model_and_a_line_are_all_it_takes(home: Home) -> None:
    assert said() == "3 minutes, milk: False\n"
    home.write(home.project, "[tea]\nminutes = 4\nmilk = true\n")
    home.set("CURE_AGENT_TEA_MINUTES", "5")
    assert said() == "5 minutes, milk: True\n"
    assert said("--minutes", "6") == "6 minutes, milk: True\n"
    assert "--minutes" in said("--help") and "Minutes in the water." in said("--help")
    assert "10.5 is not in the range" in said("--minutes", "10.5")
    assert home.explained("tea")["tea"]["milk"]["origin"] == str(home.project)
    assert "| `minutes` | `--minutes` | `CURE_AGENT_TEA_MINUTES` | `3.0` | number > 0, ≤ 10 |" in reference_page()


def test_the_server_s_key_and_rows_come_from_variables_and_reach_the_engines(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[ServeOptions, tuple[Section, ...]]] = []
    monkeypatch.setattr(serve, "callback", lambda settings, others: seen.append((settings, others)))
    home.set("CURE_AGENT_SERVE_API_KEY", "k")
    home.set("CURE_AGENT_SERVE_PORT", "9000")
    home.set("CURE_AGENT_HTTP_API_KEY", "upstream")
    home.write(home.user, "[local]\nrows = 16\n")
    serve.main(["--model", "micro-base"], standalone_mode=False)
    ((settings, others),) = seen
    assert (settings.api_key, settings.port, settings.model) == ("k", 9000, "micro-base")
    assert [section.rows for section in others if hasattr(section, "rows")] == [16, 64]
    assert [section.api_key for section in others if hasattr(section, "api_key")] == ["upstream"]


def test_the_words_for_ways_to_extract_are_those_there_are() -> None:
    assert get_args(Extraction) == tuple(MODES)
