"""metrics.csv: one row for each measure of the standard and of the release metrics, best-of-n included."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

FIELDS = ("mode", "name", "selector", "n", "m", "value", "low", "high", "interval", "numerator", "denominator",
          "problems", "reason")  # fmt: skip
_COUNTS = {
    "code_acc": "code",
    "code_accumulate_acc": "code_acc",
    "ut_acc": "case",
    "ut_accumulate_acc": "case_acc",
    "p_01": "p_01",
    "p_00": "p_00",
}


def ratios_csv(metrics: Mapping[str, Any]) -> str:
    """The text of metrics.csv. A measure without a value has an empty field and a reason."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(metrics):
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    return text.getvalue()


def _rows(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    standard, release = metrics["standard"], metrics["release"]
    for name, scored in standard["values"].items():
        yield {"mode": "standard", "name": name, **_scored(scored)}
    for point in standard["best_of_n"]:
        place = {"mode": "standard", "selector": point["selector"], "n": point["n"], "m": point["m"]}
        yield {**place, "name": "best_of_n", **_scored(point["best"])}
        yield {**place, "name": "share_of_gap", **_scored(point["share_of_gap"])}
    reason = release["reason"] or ""
    for name, short in _COUNTS.items():
        value, counts = release["printed"][name], release["counts"]
        above, below = counts[f"{short}_score"], counts[f"{short}_num"]
        # For p_01 the released code counts the pairs that fail.
        above = below - above if name == "p_01" else above
        why = reason if value is None else "" if below else "no data, although the released code prints a number"
        yield {"mode": "release", "name": name, "value": value, "numerator": above, "denominator": below, "reason": why}
    for printed, stat in zip(release["printed"]["bon"], release["counts"]["stats"], strict=False):
        place = {"mode": "release", "n": printed["n"], "m": printed["m"], "reason": reason}
        yield {**place, "name": "BoN acc", "value": printed["acc"], "numerator": stat["BoN_score"],
               "denominator": stat["BoN_num"]}  # fmt: skip
        yield {**place, "name": "BoN accumulate acc", "value": printed["accumulate_acc"],
               "numerator": stat["BoN_acc_score"], "denominator": stat["BoN_acc_num"]}  # fmt: skip


def _scored(scored: Mapping[str, Any]) -> dict[str, Any]:
    interval = scored["interval"]
    return {
        "value": scored["value"],
        "low": interval["low"],
        "high": interval["high"],
        "interval": interval["method"],
        "numerator": scored["numerator"],
        "denominator": scored["denominator"],
        "problems": scored["problems"],
        "reason": scored["reason"] or interval["reason"],
    }
