"""Puts an SVG file into a page: colours follow the page's scheme, ids are unique, nothing else is loaded."""

from __future__ import annotations

import re

from evaluator.report.output import pictures

_COLOURS = {
    pictures.INK: "var(--ink)",
    pictures.SOFT: "var(--soft)",
    pictures.EDGE: "var(--edge)",
    pictures.GRID: "var(--line)",
    pictures.CODER: "var(--coder)",
    pictures.TESTER: "var(--tester)",
    **{colour: f"var(--step-{number})" for number, colour in enumerate(pictures.STEPS)},
}
_COLOUR = re.compile("|".join(_COLOURS))
_HEAD = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r'^<svg\b[^>]*?viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>', re.DOTALL)


def inline(svg: str, name: str, words: str) -> str:
    """The SVG element, with `name` as the prefix of its ids and `words` as alternative text."""
    text = _METADATA.sub("", _HEAD.sub("", svg, count=1))
    # White backgrounds, which are paths with a style, become transparent; white text on dark cells stays white.
    text = re.sub(r'(<path d="[^"]*" style="fill: )#ffffff', r"\1none", text)
    text = _COLOUR.sub(lambda found: _COLOURS[found[0]], text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'\bxlink:href="#([^"]+)"', rf'href="#{name}-\1"', text)
    found = _SIZE.match(text)
    assert found is not None, "matplotlib's SVG has a viewBox"
    # The words come from this project, not from a model; they are escaped nevertheless.
    label = words.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    head = f'<svg viewBox="0 0 {found[1]} {found[2]}" role="img" aria-label="{label}">'
    return head + text[found.end() :].rstrip()
