"""How a coder is shown what the programs so far do; programs that do the same on every input are one behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from cure.prompts.failures import block
from cure.repair import TableSummary


def summarised(summary: TableSummary) -> str:
    """A line for each behaviour, named by a letter, then the inputs on which behaviours differ, with what each does.

    One sentence where all programs do the same; empty where there is only one program.
    """
    kinds = len(summary.behaviours) + summary.left_out[0]
    programs = sum(each.candidates for each in summary.behaviours) + summary.left_out[1]
    if programs == 1:
        return ""
    inputs = _counted(summary.inputs, "input")
    if kinds == 1:
        return f"{programs} programs were written for this problem, and all do the same on all {inputs} tried."
    lines = [f"{programs} programs were written for this problem, of {kinds} kinds by what they do on {inputs}:"]
    for letter, behaviour in zip(ascii_uppercase, summary.behaviours, strict=False):
        if letter == "A":
            others = behaviour.candidates - 1
            who = "this one" + (f" and {_counted(others, 'other')}" if others else " alone")
        else:
            who = str(behaviour.candidates)
        passed = f", passing {behaviour.trusted_passed} of {_counted(summary.trusted, 'example')}"
        lines.append(f"- {letter}: {who}" + (passed if summary.trusted else ""))
    if summary.left_out[0]:
        lines.append(f"- {_counted(summary.left_out[0], 'other kind')}: {summary.left_out[1]}")
    shown = (f"Input:\n{block(each.stimulus)}\n{_differing(each.did)}" for each in summary.differences)
    return "\n\n".join(["\n".join(lines), *shown])


def _differing(did: Sequence[str]) -> str:
    """What the behaviours do on one input: those that do the same together, in the order of their letters."""
    letters: dict[str, list[str]] = {}
    for letter, words in zip(ascii_uppercase, did, strict=False):
        if words:
            letters.setdefault(words, []).append(letter)
    return "; ".join(f"{', '.join(group)}: {words}" for words, group in letters.items()) + "."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
