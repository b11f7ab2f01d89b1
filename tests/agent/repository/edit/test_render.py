"""Answers that are written from changes are read as the same changes."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.repository.edit import FORMATS, Edits, Format, Reason, Refusal, read_edits
from agent.repository.edit.indentation import step_of
from agent.repository.edit.render import rendered
from tests.agent.repository.edit.held import MODULE, Repository, repository
from tests.agent.repository.edit.test_laws import modules

LINES = st.lists(
    st.sampled_from(["alpha", "beta", "", "    gamma", "\tdelta", "=======", "```", "# x.py"]), max_size=12
)


@settings(max_examples=60)
@given(modules(), modules(), st.sampled_from(["rewrite", "search"]))
def test_modules_that_are_written_are_read(before: bytes, after: bytes, form: Format) -> None:
    old, new = plain(before), plain(after)
    # New code gets the indentation of the file.
    assume(step_of(old.decode().split("\n")) == step_of(new.decode().split("\n")))
    assert_read(old, new, form)


@settings(max_examples=60)
@given(modules(), st.sampled_from(FORMATS), st.sampled_from(["yield 3 + ", "return not "]))
def test_changed_functions_are_read_in_every_form(before: bytes, form: Format, begin: str) -> None:
    assert_read(plain(before), plain(before).replace(b"return ", begin.encode()), form)


@settings(max_examples=60)
@given(LINES, LINES)
def test_texts_that_are_written_are_read(before: list[str], after: list[str]) -> None:
    assert_read(text(before), text(after), "search", "notes.txt")


@pytest.mark.parametrize("form", FORMATS)
def test_each_form_is_used_where_it_can_say_the_change(form: Format) -> None:
    held = repository()
    new = MODULE.replace("return x + y", "return y + x").replace("return self.size\n", "return 4\n").encode()
    answer = rendered(held, {"pkg/shapes.py": new}, form)
    assert ("<<<<<<< SEARCH" in answer) == (form == "search")
    assert ("# pkg/shapes.py::Shape.get" in answer) == (form == "rewrite")
    found = held.answer(answer, form)
    assert isinstance(found, Edits) and found.changed == {"pkg/shapes.py": new} and found.format == form


def test_new_and_deleted_files_are_written() -> None:
    held = repository({"a.py": "x = 1\n"}, ["a.py"])
    for form in FORMATS:
        assert held.edits(rendered(held, {"b.py": b"y = 2\n"}, form), form).changed == {"b.py": b"y = 2\n"}
        assert held.edits(rendered(held, {"a.py": None}, form), form).changed == {"a.py": None}


def plain(data: bytes) -> bytes:
    """A module without byte order mark, with plain newlines and one at the end."""
    return data.decode().lstrip("\ufeff").replace("\r\n", "\n").rstrip().encode() + b"\n"


def text(lines: list[str]) -> bytes:
    return "".join(line + "\n" for line in ["begin", *lines, "end"]).encode()


def assert_read(old: bytes, new: bytes, form: Format, path: str = "m.py") -> None:
    """The change is written in a form and read again."""
    held = Repository({path: old})
    answer = rendered(held, {path: new}, form)
    found = read_edits(answer, held, [], format=form)
    if isinstance(found, Refusal):
        assert old == new and (found.reason == Reason.NO_CHANGE or not answer), found.words
    else:
        assert found.changed == {path: new}
