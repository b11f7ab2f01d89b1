"""The focused test, and what the focused candidate did on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content

from tui.views.plain import one_line
from tui.views.test import TestView
from tui.widgets.pane import Pane, heading, lines
from tui.widgets.program_pane import diff_content


class TestPane(Pane):
    """One test with one execution."""

    __test__: ClassVar = False
    HELP = """
# The test

Input and expected output of the test under the cursor of the table, and what the candidate under the cursor printed.
Where the output is wrong, `-` marks expected lines and `+` printed ones. `y` copies it all.
"""
    TITLE = "Test"

    def show(self, view: TestView) -> None:
        """Show the view."""
        if not view.name:
            self.put(heading("The test under the cursor is shown here, with what the candidate printed on it."), "")
            return
        style = "$text-primary" if view.passed else "" if view.passed is None else "$text-warning"
        verdict = Content.styled(view.verdict, f"bold {style}".strip())
        cost = heading(f"  {view.cost}" if view.cost else "")
        parts = [
            Content.assemble((one_line(view.name), "bold"), (f"  {view.worth}", "dim")),
            Content.assemble(verdict, cost),
            *_block(view.stimulus_name, view.stimulus),
        ]
        if view.diff:
            parts += [Content(""), heading("expected (-) and printed (+)"), diff_content(view.diff)]
        else:
            if view.expected is not None:
                parts += _block("expected", view.expected)
            if view.actual is not None:
                parts += _block("printed", view.actual)
        if view.stderr:
            parts += _block("end of standard error", view.stderr)
        self.put(lines(*parts), view.text, title=f"{view.name} · {view.candidate}" if view.candidate else view.name)


def _block(name: str, text: Sequence[str]) -> list[Content]:
    body = Content("\n".join(text)) if any(text) else heading("(nothing)")
    return [Content(""), heading(name), body]
