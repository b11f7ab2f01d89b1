"""The ranking, with the probability that each candidate is right."""

from __future__ import annotations

from textual.content import Content

from tui.views.plain import fitted
from tui.views.ranking import RankedLine, RankingView
from tui.widgets.grid_layout import letter
from tui.widgets.pane import Pane, bar, heading, lines

MOST_SHOWN = 200


class RankingPane(Pane):
    """Candidates, best first."""

    HELP = """
# The ranking

Candidates, best first, by the scores that the selector gave them; the first score in which two differ decides. The bar
is the probability that the candidate is right. `w` explains the choice in numbers.
"""
    TITLE = "Ranking"

    def show(self, view: RankingView) -> None:
        """Show the view."""
        head = [Content(view.headline)]
        if view.unsolved is not None:
            head.append(heading(f"No candidate is right with probability {view.unsolved:.2f}."))
        body = [_line(line, ascii_only=self.is_ascii) for line in view.lines[:MOST_SHOWN]]
        if view.lines:
            by = ", then ".join(name for name, _ in view.lines[0].scores)
            body = [Content(""), *body, Content(""), heading(f"{view.selector}: by {by}")]
        content = lines(*head, *body)
        self.put(content, content.plain)


def _line(line: RankedLine, *, ascii_only: bool) -> Content:
    scores = "  ".join(f"{value:.4g}" for _, value in line.scores)
    return Content.assemble(
        (f"{line.place:>3} ", "dim"),
        (fitted(line.name, 6), "bold" if line.chosen else ""),
        (f"{letter(line.behaviour)}  ", "dim"),
        bar(line.probability, ascii_only=ascii_only),
        f" {line.probability:.2f}  ",
        (scores, "dim"),
    )
