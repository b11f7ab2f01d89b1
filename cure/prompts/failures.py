"""How failing tests are shown to a coder."""

from __future__ import annotations

from collections.abc import Sequence

from cure.prompts import Failure

_LONGEST = 1_000  # characters of a text that is shown whole


def shown(failures: Sequence[Failure]) -> str:
    """Each failure with its input, the expected output and what the program did; long texts lack their middle."""
    return "\n\n".join(_shown(number, failure) for number, failure in enumerate(failures, 1))


def block(text: str, tag: str = "") -> str:
    """`text` in a fence longer than any inside it."""
    fence = "```"
    while fence in text:
        fence += "`"
    inside = text.rstrip("\n")
    return f"{fence}{tag}\n{inside}\n{fence}" if inside else f"{fence}{tag}\n{fence}"


def _shown(number: int, failure: Failure) -> str:
    if failure.error:
        outcome = f"The program ended with an error:\n{_short_block(failure.error)}"
    elif failure.got.strip():
        outcome = f"The program printed:\n{_short_block(failure.got)}"
    else:
        outcome = "The program printed nothing."
    given, expected = _short_block(failure.test.stdin), _short_block(failure.test.expected)
    return f"Failing test {number}, input:\n{given}\nExpected output:\n{expected}\n{outcome}"


def _short_block(text: str) -> str:
    if len(text) > _LONGEST:
        half = _LONGEST // 2
        text = f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
    return block(text)
