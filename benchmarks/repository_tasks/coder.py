"""Answers of a coder: the fix in several writings and forms, and edits that are likely to be wrong."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.repository_tasks import faults
from benchmarks.repository_tasks.answers import FORMS, as_files, as_replacements, fenced, worded
from benchmarks.repository_tasks.cases import example
from benchmarks.repository_tasks.definitions import difference, functions, replaced
from benchmarks.repository_tasks.task import RepositoryTask, Texts
from benchmarks.repository_tasks.writings import WRITINGS, rewritten

_NOWHERE = "    for entry in self.registry_of_everything:\\n        entry.count_down(nothing)\\n"
LONG = 150
"""Lines of a file beyond which no answer repeats it as a whole."""


@dataclass(frozen=True)
class Drafted:
    """An answer that is to be measured."""

    kind: str
    form: str
    text: str
    after: Texts | None
    """Texts of the files that the answer changes; None where it is malformed."""


def drafts(task: RepositoryTask, draw: random.Random) -> list[Drafted]:
    """Answers of all kinds, without two of the same text."""
    made = [*_right(task, draw), *_wrong(task, draw), *_malformed(task, draw)]
    return list({draft.text: draft for draft in reversed(made)}.values())[::-1]


def _right(task: RepositoryTask, draw: random.Random) -> Iterator[Drafted]:
    """The fix in every form, and each other writing of it in one."""
    for form in FORMS:
        if text := _said(task, task.fixed, form, draw):
            yield Drafted("fix", form, worded(text, draw), task.fixed)
    for kind, writing in WRITINGS.items():
        after, differs = dict(task.fixed), False
        for path, text in task.fixed.items():
            for name in difference(task.read(path), text).rewritten:
                if other := rewritten(functions(after[path])[name].text, writing):
                    after[path], differs = replaced(after[path], name, other), True
        if differs:
            yield _in_some_form(task, kind, after, draw)


def _wrong(task: RepositoryTask, draw: random.Random) -> Iterator[Drafted]:
    examples = [text for text in _fail_to_pass_texts(task) if example(text)]
    states = {
        "mutant": faults.mutated(task, 10, draw),
        "breaking": faults.breaking(task, 5, draw),
        "partial": faults.partial(task, 4),
        "elsewhere": faults.elsewhere(task, 3, draw),
        "special case": faults.special_cased(task, examples, 2),
    }
    for kind, found in states.items():
        for after in found:
            if any(task.read(path) != text for path, text in after.items()):
                yield _in_some_form(task, kind, after, draw)
    for after in faults.weakening(task):
        yield Drafted("weakening", "files", worded(as_files(after), draw), after)
    yield Drafted("unchanged", "functions", worded(_unchanged(task), draw), {})


def _fail_to_pass_texts(task: RepositoryTask) -> list[str]:
    names = {name.rpartition("::")[2] for name in task.hidden.fail_to_pass} & set(task.returned)
    found: dict[str, str] = {}
    for path, text in task.hidden.files.items():
        if path.endswith(".py"):
            found |= {name: place.text for name, place in functions(text).items() if name in names}
    return [found[name] for name in sorted(found)]


def _unchanged(task: RepositoryTask) -> str:
    parts = []
    for changed in task.changed:
        text = functions(task.read(changed.path))[changed.name].text
        parts.append(fenced(f"# {changed.path}::{changed.name}\n{textwrap.dedent(text)}"))
    return "\n".join(parts) or "The code is right as it is.\n"


def _malformed(task: RepositoryTask, draw: random.Random) -> Iterator[Drafted]:
    """Answers that hold no edit, or one that cannot be applied."""
    right = next(filter(None, (_said(task, task.fixed, form, draw) for form in FORMS)))
    yield Drafted(
        "malformed", "prose", "The described case is not handled. Add a check for it and return early.\n", None
    )
    code = right.index("```python\n") + len("```python\n")
    cut = right[: code + (len(right) - code) * 2 // 5].rstrip()
    yield Drafted("malformed", "truncated", cut + " (", None)
    yield Drafted("malformed", "syntax", worded(re.sub(r"\n```(\n|$)", "\n    return ((\n```\\1", right), draw), None)
    blocks = as_replacements(_before(task, task.fixed), task.fixed)
    lost = re.sub(r"(<<<<<<< SEARCH\n).*?(=======\n)", rf"\1{_NOWHERE}\2", blocks, flags=re.DOTALL)
    yield Drafted("malformed", "lost place", worded(lost, draw), None)


def _in_some_form(task: RepositoryTask, kind: str, after: Texts, draw: random.Random) -> Drafted:
    """The state as an answer, mostly as functions."""
    forms = sorted(FORMS, key=lambda form: draw.random() * (0.4 if form == "functions" else 1.0))
    for form in forms:
        if text := _said(task, after, form, draw):
            return Drafted(kind, form, worded(text, draw), after)
    raise ValueError(f"{task.id}: no form says the edit {kind}")


def _said(task: RepositoryTask, after: Texts, form: str, draw: random.Random) -> str | None:
    """The state as an answer of this form; None where the form does not fit."""
    changes = {path: text for path, text in after.items() if task.read(path) != text}
    if not changes or (form == "files" and any(text.count("\n") > LONG for text in changes.values())):
        return None
    return FORMS[form](_before(task, changes), changes, draw)


def _before(task: RepositoryTask, after: Texts) -> Texts:
    return {path: task.read(path) for path in after}
