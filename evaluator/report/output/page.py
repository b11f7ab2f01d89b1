"""report.html: one file that loads nothing else and never executes text from models or data sets."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluator.report.content.parts import Content
from evaluator.report.output.details import Packed
from evaluator.report.output.pictures import Picture
from evaluator.report.output.vector import inline
from evaluator.run.summary import WORDS

_TEMPLATE = Path(__file__).with_name("template")
FILTERS = {
    "": "all problems",
    "chosen-right": "chosen program right",
    "chosen-wrong": "chosen program wrong",
    "missed": "right program there, another chosen",
    "some-right": "some right program",
    "none-right": "no right program",
    "no-tests": "no test read",
    "not-extracted": "something not extracted",
    "given-up": "a program given up",
    "missing": "answers missing",
    "sandbox": "sandbox failed",
}


def page(content: Content, drawn: Sequence[Picture], packed: Packed, missing: Sequence[str]) -> Iterator[str]:
    """The text of report.html, in pieces. The template escapes all text from models and data sets."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (_TEMPLATE / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    svgs: dict[str, list[tuple[str, Markup]]] = {}
    for picture in drawn:
        # Safe without escaping: all text in the picture is written by this project, and Matplotlib escapes it.
        svg = Markup(inline(picture.svg, picture.name, picture.words))
        svgs.setdefault(picture.section, []).append((picture.words, svg))
    there = {kind for problem in content.problems for kind in problem.filters}
    return environment.get_template("report.html.j2").generate(
        content=content,
        svgs=svgs,
        packed=packed,
        missing=missing,
        filters={kind: words for kind, words in FILTERS.items() if not kind or kind in there},
        legend={letter: word.replace("_", " ") for letter, word in WORDS.items()},
        style=Markup((_TEMPLATE / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_digest=digest,
    )
