"""An SVG file made part of a page: colours follow the page's scheme, names are its own, nothing outside is needed."""

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
    """The element, with `name` before each of its names and `words` for who does not see it."""
    text = _METADATA.sub("", _HEAD.sub("", svg, count=1))
    # The two white grounds of figure and axes are paths; white text on dark cells is not.
    text = re.sub(r'(<path d="[^"]*" style="fill: )#ffffff', r"\1none", text)
    text = _COLOUR.sub(lambda found: _COLOURS[found[0]], text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'\bxlink:href="#([^"]+)"', rf'href="#{name}-\1"', text)
    found = _SIZE.match(text)
    assert found is not None, "matplotlib's SVG has a viewBox"
    # The words hold no markup: they are ours, and escaped all the same.
    label = words.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    head = f'<svg viewBox="0 0 {found[1]} {found[2]}" role="img" aria-label="{label}">'
    return head + text[found.end() :].rstrip()
