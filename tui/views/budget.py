"""What a run has used of its budget, and how much of what it asked for is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.runs.state import RunState
from agent.solve.spending import dollars


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """One amount."""

    label: str
    amount: str
    """How much there is, of how much where there is a limit."""
    share: float | None = None
    """Share of the limit in 0..1; None without a limit."""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BudgetView:
    """Amounts, those with limits of the user first."""

    gauges: Sequence[Gauge] = ()


def budget_view(state: RunState, places: int) -> BudgetView:
    """The view of the state; `places` is the number of places of the table for executions."""
    settings = state.started.settings if state.started else {}
    budget = settings.get("budget") or {}
    spent = dollars(state, {role: settings.get(f"{role}_price") for role in ("coder", "tester")})
    seconds = state.seconds if state.result is None else state.result.seconds
    programs = "patches" if state.is_repository else "programs"
    prompt, completion = state.prompt_tokens.total(), state.completion_tokens.total()
    gauges = [
        _gauge("tokens", state.tokens, budget.get("tokens"), "{:,.0f}", f"{prompt:,} read, {completion:,} written"),
        _gauge("seconds", seconds, budget.get("seconds"), "{:,.1f}"),
        _gauge("dollars", spent, budget.get("dollars"), "${:.4f}")
        if spent is not None
        else Gauge(label="dollars", amount="price not known"),
        _samples(state, "coder", programs),
        _samples(state, "tester", "tests"),
        _gauge("executions", len(state.cells), places or None, "{:,.0f}"),
        _gauge("rounds", len(state.rankings), settings.get("rounds"), "{:,.0f}"),
    ]
    return BudgetView(gauges=gauges)


def _samples(state: RunState, role: str, what: str) -> Gauge:
    failed = state.failed[role]
    rejected = sum(event.role == role for event in state.rejected)
    notes = [f"{failed} failed"] * bool(failed) + [f"{rejected} without use"] * bool(rejected)
    return _gauge(what, state.answers[role], state.wanted[role] or None, "{:,.0f}", ", ".join(notes))


def _gauge(label: str, used: float, limit: float | None, form: str, note: str = "") -> Gauge:
    if not limit:
        return Gauge(label=label, amount=form.format(used), note=note)
    amount = f"{form.format(used)} of {form.format(limit)}"
    return Gauge(label=label, amount=amount, share=min(1.0, used / limit), note=note)
