"""docs/settings.md, the page of all settings, is made from the classes that declare the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings.reference import reference_page
from settings.registry import SECTIONS, section, training
from settings.section import Section

PAGE = Path(__file__).parent.parent.parent / "docs" / "settings.md"


def test_the_page_is_made_from_the_models() -> None:
    assert PAGE.read_text() == reference_page(), "write it again: cure-agent config --reference > docs/settings.md"


def models(name: str, model: type[Section]) -> list[tuple[str, type[Section]]]:
    """The class of a section and the classes of the sections nested in it, each with its dotted name."""
    kinds = [(key, field.annotation) for key, field in model.model_fields.items()]
    inner = [(key, kind) for key, kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
    return [(name, model), *(found for key, kind in inner for found in models(f"{name}.{key}", kind))]


ALL = [found for name in SECTIONS for found in models(name, section(name))] + models("train", training())


@pytest.mark.parametrize(("name", "model"), ALL, ids=[name for name, _ in ALL])
def test_every_section_and_every_setting_is_documented_where_it_is_declared(name: str, model: type[Section]) -> None:
    inner = {id(kind) for _, kind in ALL}
    assert model.__doc__ and model.__doc__ != Section.__doc__
    fields = model.model_fields.items()
    assert not [key for key, field in fields if not field.description and id(field.annotation) not in inner]


def test_the_page_names_every_option_of_the_commands() -> None:
    page = PAGE.read_text()
    for words in ("`--max-tokens`", "`CURE_AGENT_SOLVE_COMPARE`", "### [policies.NAME]", "`CURE_AGENT_HTTP_IDLE_S`"):
        assert words in page
