"""Prompts of both roles, in three styles: `chat` for instruction-tuned models, `micro`, `release`.

`micro` is for the bundled model. `release` is the raw prompt the published CURE models were trained on;
`cure.prompts.release_source` says where its wording comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from cure.errors import unknown_name
from cure.problem import Problem, UnitTest
from cure.repair import TableSummary
from engines import BUNDLED, Prompt, parse_spec

StyleName = Literal["chat", "micro", "release"]
STYLES: tuple[StyleName, ...] = get_args(StyleName)
StyleChoice = Literal["auto", StyleName]
"""The styles a user may choose; `auto` stands for the style that `style_for` gives for the model."""


@dataclass(frozen=True)
class Failure:
    """A test a program fails, and what the program did instead."""

    test: UnitTest
    got: str = ""
    """Output of the program; empty where its verdict is not `ok`."""
    error: str = ""
    """Verdict, reason and end of stderr where the verdict is not `ok`; else empty."""


Words = Callable[[str], str]
"""A function that returns instructions for a model, given the problem's statement with its public examples."""


class PromptStyle(Protocol):
    """A style of prompts, which are pure functions of their arguments."""

    @property
    def name(self) -> str:
        """The name by which `prompts_for` finds the style."""

    @property
    def stop(self) -> tuple[str, ...]:
        """Texts at which a completion of this style ends."""

    def coder(self, problem: Problem) -> Prompt:
        """The prompt that asks for a program that solves the problem."""

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> Prompt:
        """The prompt that asks for a unit test whose input no test in `avoid` has, if the style has words for that."""

    def repair(
        self, problem: Problem, source: str, failures: Sequence[Failure], summary: TableSummary | None = None
    ) -> Prompt:
        """The prompt that asks for a better program than `source`, which has these failures; `summary` says what the
        programs so far do, and is left out where the style has no words for it.
        """

    def instruct(self, problem: Problem, words: Words) -> Prompt | None:
        """The prompt with the instructions that `words` returns; None if the style's models follow no instructions."""


def follows_instructions(style: str) -> bool:
    """Whether prompts of the style called `style` can ask for anything but a program, a test or a repair."""
    return style != "micro"


def style_for(model: str) -> StyleName:
    """The style for a model, by its spec (`Engine.model`): `micro` for a bundled model, `release` for a published CURE
    model, `chat` for any other.

    Raises ModelSpecError for an invalid spec.
    """
    spec = parse_spec(model)
    if spec.kind == "bundled" or (spec.kind == "http" and spec.name in BUNDLED):
        return "micro"
    published = spec.kind in ("http", "hf", "vllm", "gguf") and "reasonflux-coder-" in spec.name.lower()
    return "release" if published else "chat"


def prompts_for(
    style: str,
    *,
    stage: Literal["training", "evaluation"] = "evaluation",
    k_case: int = 16,
    public_examples: int | None = None,
    release_dir: str | None = None,
) -> PromptStyle:
    """The style called `style`. Only `release` uses the options: `load_wording` describes `release_dir`, `ReleaseStyle`
    the others.

    Raises ProblemError when there is no such style, or when the wording of `release` cannot be obtained.
    """
    if style == "chat":
        from cure.prompts.chat import ChatStyle

        return ChatStyle()
    if style == "micro":
        from cure.prompts.micro import MicroStyle

        return MicroStyle()
    if style == "release":
        from cure.prompts.release import ReleaseStyle
        from cure.prompts.release_source import load_wording

        return ReleaseStyle(load_wording(release_dir), stage, k_case, public_examples)
    raise unknown_name("prompt style", style, STYLES)
