"""Tells data from prose in the lines of a statement."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cure.problem.statement.labels import is_copy_button

_WORD = re.compile(r"[^\W\d_]{2,}")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE_END = (".", ":", "!", "?", "。", "：", "！", "？", "다", "す")
_NUMBERS = frozenset("0123456789.,:/ \t[](){}+-")
_FORMAT = re.compile(r"[\\…⋮]|\$\w|\.\.\.|[A-Za-z]_")
_RULE = re.compile(r"[ \t]*([-*_=])(?:[ \t]*\1){2,}[ \t]*")
_LIST_ITEM = re.compile(r"[ \t]*[-*•][ \t]+")
_LONGEST = 2000  # characters of a line that are looked at


def joined(lines: Sequence[str]) -> str:
    """The lines as one text for a program: no blank lines around, no trailing blanks, each line ended by a newline.

    Non-breaking spaces, which come from web pages, become plain ones.
    """
    kept = [line.replace("\xa0", " ").rstrip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    start = next((at for at, line in enumerate(kept) if line), 0)
    return "".join(f"{line}\n" for line in kept[start:])


def paragraphs(lines: Sequence[str]) -> list[list[str]]:
    """Runs of lines that are not blank."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [part for part in found if part]


def looks_like_prose(line: str) -> bool:
    """Whether the line reads like a sentence."""
    text = _LIST_ITEM.sub("", line[:_LONGEST], count=1).strip()
    words = sum(1 for part in text.split() if _WORD.search(part))
    if _WIDE.search(text):
        return len(_WIDE.findall(text)) >= (5 if text.endswith(_SENTENCE_END) else 12)
    ends = text.endswith(_SENTENCE_END)
    return words >= 8 or (words >= 4 and (ends or bool(_LIST_ITEM.match(line)))) or (words >= 3 and ends)


def may_be_prose(line: str) -> bool:
    """Whether the line may be a sentence: it has a space and ends as sentences do, or reads like a sentence."""
    return looks_like_prose(line) or (" " in line and line.rstrip().endswith(_SENTENCE_END))


def looks_like_numbers(line: str) -> bool:
    """Whether the line holds numbers and punctuation only."""
    return _NUMBERS.issuperset(line) and any(character.isdigit() for character in line)


def is_plain_data(lines: Sequence[str]) -> bool:
    """Whether every line that is not blank is numbers or a single word, and none describes a format."""
    written = [line.strip()[:_LONGEST] for line in lines if line.strip()]
    return bool(written) and all(
        looks_like_numbers(line) or (len(line.split()) == 1 and len(line) > 1 and not _FORMAT.search(line))
        for line in written
    )


def looks_like_sample(lines: Sequence[str]) -> bool:
    """Whether the lines may be a sample: they have digits, and look like neither a program nor a format description."""
    text = "\n".join(lines)[:_LONGEST]
    return any(character.isdigit() for character in text) and not _FORMAT.search(text) and not _looks_like_code(text)


def _looks_like_code(text: str) -> bool:
    return any(mark in text for mark in ("def ", "import ", "#include", "return ", "print(", "int main", ";\n"))


def without_copy_button(lines: Sequence[str]) -> list[str]:
    """The lines without the text of a judge's copy button in front of them."""
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    return list(lines[start + 1 :] if lines and is_copy_button(lines[start]) else lines)


def plain_input(lines: Sequence[str]) -> list[str]:
    """The data among lines that follow a label for input."""
    return _column(without_copy_button(lines))


def plain_output(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The data among lines that follow a label for output, and the lines after the data.

    The data is the first paragraph up to a sentence after its first line; without such a sentence, the paragraphs of
    numbers that follow at once are data too.
    """
    first, *others = paragraphs(without_copy_button(lines)) or [[]]
    end = next((at for at, line in enumerate(first) if at and looks_like_prose(line)), len(first))
    kept, behind = first[:end], first[end:]
    for part in others:
        if behind or not all(map(looks_like_numbers, part)):
            behind += part
        else:
            kept += ["", *part]
    return kept, behind


def _column(lines: list[str]) -> list[str]:
    """The lines, or their left part where they are the table of HackerRank with the headings STDIN and Function."""
    head = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[head].split() != ["STDIN", "Function"]:
        return lines
    width = lines[head].index("Function")
    return [line[:width].rstrip() for line in lines[head + 1 :] if set(line.strip()) - {"-", " "}]
