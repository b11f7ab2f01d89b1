"""What the run has used, and how much of what it asked for is there."""

from __future__ import annotations

from textual.content import Content

from tui.views.budget import BudgetView, Gauge
from tui.widgets.pane import Pane, bar, lines


class BudgetPane(Pane):
    """Amounts, with a bar where there is a limit."""

    HELP = """
# Budget and progress

Tokens, seconds and dollars used, of the limits of the run where it has any; programs and tests that arrived of those
requested; executions of those that the table has place for.
"""
    TITLE = "Budget"

    def show(self, view: BudgetView) -> None:
        """Show the view."""
        content = lines(*(_line(gauge, ascii_only=self.is_ascii) for gauge in view.gauges))
        self.put(content, content.plain)


def _line(gauge: Gauge, *, ascii_only: bool) -> Content:
    measured = Content(" " * 10) if gauge.share is None else bar(gauge.share, ascii_only=ascii_only)
    note = f"  {gauge.note}" if gauge.note else ""
    return Content.assemble((f"{gauge.label:<11}", "dim"), measured, f"  {gauge.amount}", (note, "dim"))
