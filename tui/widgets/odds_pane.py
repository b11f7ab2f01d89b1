"""Why the leading candidate leads: numbers that add up, sentences, and the ranking with its changes."""

from __future__ import annotations

from math import exp

from textual.content import Content

from tui.views.plain import fitted
from tui.views.why import Odds, Standing, WhyView
from tui.widgets.pane import Pane, bar, heading, lines

KIND = 27
NUMBER = 9
MOST_STANDINGS = 40


class OddsPane(Pane):
    """The explanation."""

    HELP = """
# Why

Two hypotheses are set against each other: that the leading candidate is right, and the most probable other one. Each
kind of evidence adds to the log-odds; their sum is the logarithm of the quotient of both probabilities.

Below are the same facts in sentences, and the ranking as it would be with the tests that are ticked.
"""
    TITLE = "Why"

    def show(self, view: WhyView) -> None:
        """Show the view."""
        parts = [Content.styled(view.headline, "bold")]
        parts += [Content.styled(note, "$text-warning") for note in view.notes]
        if view.odds is not None:
            parts += [Content(""), *_odds(view.odds)]
        if view.sentences:
            parts += [Content(""), *(Content(sentence) for sentence in view.sentences)]
        if view.standings:
            parts += [Content(""), heading("ranking  (in the run)")]
            parts += [_standing(each, ascii_only=self.is_ascii) for each in view.standings[:MOST_STANDINGS]]
        content = lines(*parts)
        self.put(content, content.plain)


def _odds(odds: Odds) -> list[Content]:
    ours, theirs = (f"if {fitted(each, 12).split(' is ')[0].strip()}" for each in (odds.ours, odds.theirs))
    rows = [heading(f"{'':<{KIND}}{ours:>{NUMBER}}{theirs:>{NUMBER}}{'adds':>{NUMBER}}")]
    for term in odds.terms:
        row = f"{fitted(term.kind, KIND)}{term.ours:>+{NUMBER}.2f}{term.theirs:>+{NUMBER}.2f}"
        rows.append(Content.assemble(row, (f"{term.difference:>+{NUMBER}.2f}", "$text-accent")))
    total = f"{'log-odds':<{KIND}}{'':>{2 * NUMBER}}"
    rows.append(Content.assemble(heading(total), (f"{odds.log_odds:>+{NUMBER}.2f}", "bold $text-accent")))
    chances = f"{odds.probability:>{NUMBER}.3f}{odds.other_probability:>{NUMBER}.3f}"
    quotient = f"{exp(max(-50.0, min(50.0, odds.log_odds))):.3g} : 1"
    return [*rows, Content.assemble(heading(f"{'probability':<{KIND}}"), chances, heading(f"{quotient:>{NUMBER + 1}}"))]


def _standing(each: Standing, *, ascii_only: bool) -> Content:
    before = "" if each.before is None else f"({each.before:>2}"
    before += "" if each.probability_before is None else f", {each.probability_before:.2f}"
    moved = each.before is not None and each.before != each.place
    return Content.assemble(
        (f"{each.place:>3} ", "dim"),
        (fitted(each.name, 6), "bold" if each.place == 1 else ""),
        bar(each.probability, ascii_only=ascii_only),
        f" {each.probability:.2f}  ",
        (f"{before})" if before else "", "$text-accent" if moved else "dim"),
    )
