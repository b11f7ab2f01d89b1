"""The forms of prompts that are compared, by name."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.real_prompts.first import FirstStyle
from benchmarks.real_prompts.trials import CODERS, TESTERS
from cure.prompts import PromptStyle, prompts_for

FORMS: Mapping[str, PromptStyle] = {"first": FirstStyle(), "chat": prompts_for("chat"), **CODERS, **TESTERS}
"""`chat` is the product's form now; the others are kept for comparison."""
