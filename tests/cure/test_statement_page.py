"""The page on statements lists what the code understands, no more and no less."""

from __future__ import annotations

from pathlib import Path

from cure.problem.packages.judging import CHECKERS
from cure.problem.statement.words import LANGUAGES, listed
from tests.cure.statement_forms import FORMS

PAGE = (Path(__file__).parents[2] / "docs" / "statements.md").read_text(encoding="utf-8")


def rows(header: str) -> list[list[str]]:
    """The cells of the table with this header."""
    below = PAGE.split(f"| {header} |\n", 1)[1].split("\n\n", 1)[0].split("\n")[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in below]


def test_every_label_of_the_table_is_listed() -> None:
    assert rows("language | example | input | output") == [
        [name, *(", ".join(listed(part)) for part in (words.sample, words.input, words.output))]
        for name, words in LANGUAGES.items()
    ]


def test_every_form_that_is_tested_is_listed() -> None:
    listing = PAGE.split("These forms are read back", 1)[1].split("\n\n", 2)[1]
    assert listing.split("\n") == [f"* {form.name}" for form in FORMS]


def test_every_standard_checker_is_listed() -> None:
    found = {
        name: comparison.strip("`")
        for names, comparison in rows("testlib's checker | comparison")
        for name in names.split(", ")
    }
    assert found == CHECKERS
