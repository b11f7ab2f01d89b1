"""Command-line options made from a model's fields."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import Field

from settings.marks import Flag
from settings.options import SettingOption, has_flag, options_of
from settings.section import Section


class Inner(Section):
    size: int = 1


class Example(Section):
    count: Annotated[int, Flag("-n")] = Field(default=8, ge=1, le=9)
    """How many; `9` at
    most."""
    top_p: float = Field(default=0.5, gt=0, le=1)
    limit: Annotated[int | None, Field(ge=2)] = None
    kind: Literal["fast", "slow"] = "fast"
    where: Annotated[Path | None, Flag(metavar="FILE")] = None
    strict: bool = False
    public: bool = True
    inner: Inner = Inner()
    free: Annotated[str, Flag("--liberty")] = "x"


def by_key() -> dict[str, SettingOption]:
    return {option.key: option for option in options_of(Example, "example")}


def parsed(*arguments: str) -> click.testing.Result:
    options: list[click.Parameter] = list(options_of(Example, "example"))
    command = click.Command("c", params=options, callback=lambda **values: click.echo(repr(values)))
    return CliRunner().invoke(command, arguments)


def test_names_come_from_keys_or_from_the_mark() -> None:
    assert [option.flag for option in options_of(Example, "example")] == [
        *("-n", "--top-p", "--limit", "--kind", "--where", "--strict", "--public", "--inner", "--liberty")
    ]
    assert {key for key, option in by_key().items() if has_flag(option)} == {"count", "where", "free"}


def test_variables_are_named_after_the_long_option() -> None:
    options = by_key()
    assert [options[key].variable for key in ("count", "top_p", "free")] == ["COUNT", "TOP_P", "LIBERTY"]


def test_help_is_the_fields_documentation_without_marks_of_markdown() -> None:
    assert by_key()["count"].help == "How many; 9 at most."


def test_help_shows_defaults_ranges_and_choices() -> None:
    shown = parsed("--help").output
    for words in ("[default: 8; 1<=x<=9]", "0<x<=1", "[x>=2]", "[fast|slow]", "--where FILE", "--public / --no-public"):
        assert words in shown
    assert "default: None" not in shown and "default: size" not in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-n", "10"), "10 is not in the range 1<=x<=9"),
        (("--top-p", "0"), "0.0 is not in the range 0<x<=1"),
        (("--limit", "1"), "1 is not in the range x>=2"),
        (("--kind", "odd"), "'odd' is not one of 'fast', 'slow'"),
        (("-n", "many"), "is not a valid integer"),
    ],
)
def test_values_out_of_range_are_refused_by_name(arguments: tuple[str, str], words: str) -> None:
    done = parsed(*arguments)
    assert done.exit_code == 2 and words in done.output and arguments[0] in done.output


def test_the_text_of_a_variable_is_read_like_a_flag() -> None:
    options = by_key()
    assert options["count"].parse("3") == 3
    assert options["strict"].parse("yes") is True and options["public"].parse("0") is False
    assert options["where"].parse("a/b") == Path("a/b")
    with pytest.raises(click.BadParameter, match="not in the range"):
        options["count"].parse("0")
