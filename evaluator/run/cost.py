"""The cost of a run in money, where prices are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluator.run.prices import NO_PRICES, Prices, price_of
from evaluator.run.settings import RoleSettings, Settings

Cost = dict[str, Any]


def money(settings: Settings, samples: Mapping[str, Any], prices: Prices | None) -> Cost:
    """US dollars of each role that took part, and their sum, as JSON; null with a reason where there is no price.

    `samples` has the token counts of each role, like `samples` in metrics.json.
    """
    roles: dict[str, Cost] = {name: _of_role(role, samples[name], prices) for name, role in settings.roles.items()}
    missing = next((cost["reason"] for cost in roles.values() if cost["usd"] is None), "")
    total = None if missing else sum(cost["usd"] for cost in roles.values())
    return {**roles, "usd": total, "reason": missing}


def _of_role(role: RoleSettings, counted: Mapping[str, Any], prices: Prices | None) -> Cost:
    if role.is_stored:
        return {"usd": 0.0, "reason": "no model was asked: the samples were stored"}
    if prices is None:
        return {"usd": None, "reason": NO_PRICES}
    price = price_of(prices, role.model)
    if price is None:
        return {"usd": None, "reason": f"there is no price of {role.model}"}
    return {"usd": price.of(counted["prompt_tokens"], counted["completion_tokens"]), "reason": ""}
