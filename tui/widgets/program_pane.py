"""The focused program, highlighted, or its difference from another."""

from __future__ import annotations

from collections.abc import Sequence

from pygments.token import Token
from textual.content import Content
from textual.highlight import HighlightTheme, highlight

from tui.views.lines import DiffLine
from tui.views.plain import one_line
from tui.views.program import ProgramView
from tui.widgets.pane import Pane, heading, lines

_STYLES = {"+": "$text-success", "-": "$text-error", "@": "dim", " ": ""}


class CalmTheme(HighlightTheme):
    """Few colours, all of the theme, so that the program reads as text."""

    STYLES = {  # noqa: RUF012 (declared so by the class above)
        Token.Comment: "dim italic",
        Token.Keyword: "$text-accent",
        Token.Literal.String: "$text-success",
        Token.Literal.Number: "$text-warning",
        Token.Name.Function: "bold",
        Token.Name.Class: "bold",
        Token.Generic.Inserted: "$text-success",
        Token.Generic.Deleted: "$text-error",
        Token.Generic.Subheading: "dim",
        Token.Operator.Word: "$text-accent",
    }


class ProgramPane(Pane):
    """One candidate's text."""

    HELP = """
# The program

The program, or the patch, of the candidate under the cursor of the table. `d` shows how it differs from the program
that it repairs, or from the one marked with `m`. `y` copies the program.
"""
    TITLE = "Program"

    def show(self, view: ProgramView) -> None:
        """Show the view."""
        if not view.name:
            self.put(heading("The program of the candidate under the cursor is shown here."), "")
            return
        about = Content.assemble((one_line(view.name), "bold"), (f"  {one_line(view.origin)}", "dim"))
        if view.against is not None:
            body = diff_content(view.diff) if view.diff else heading("Both are the same.")
            title = f"{view.name} against {view.against}"
        else:
            body, title = code("\n".join(view.lines), "diff" if view.is_patch else "python"), view.name
        self.put(lines(about, Content(""), body), view.text, title=title)


def code(text: str, language: str) -> Content:
    """The text with highlighted syntax; long texts without it, since it takes time."""
    if len(text) > 40_000:
        return Content(text)
    return highlight(text, language=language, theme=CalmTheme)


def diff_content(diff: Sequence[DiffLine]) -> Content:
    """The lines of a difference, each after its sign."""
    return lines(*(_diff_line(line) for line in diff))


def _diff_line(line: DiffLine) -> Content:
    text = line.text if line.sign == "@" else f"{line.sign} {line.text}"
    return Content.styled(text, _STYLES[line.sign])
