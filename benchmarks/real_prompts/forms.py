"""The forms of prompts that are compared, by name."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.real_prompts.first import FirstStyle
from benchmarks.real_prompts.trials import TRIALS
from cure.prompts import PromptStyle, prompts_for

FORMS: Mapping[str, PromptStyle] = {
    "first": FirstStyle(),
    **TRIALS,
    "chat": prompts_for("chat"),
    "micro": prompts_for("micro"),
}
"""`chat` and `micro` are the product's forms now; the others are kept for comparison."""
