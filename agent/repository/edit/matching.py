"""Finds the lines of a file that a model meant when it copied them, from exact to lenient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.repository.edit.elision import elides
from agent.repository.edit.indentation import indent_of

_SIMILAR = 0.95
"""Least similarity at which the only similar block is taken for the one that was meant."""
_LONGEST_COMPARED = 60
"""Lines of a block that is still compared with every block of the file."""


@dataclass(frozen=True)
class Match:
    """Lines of a file, as indices with an end, and what is to stand there."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """Every place at which the first rung of the ladder that matches does so."""

    rung: str
    matches: tuple[Match, ...]


def found_in(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> Found | None:
    """The places where `search` stands in a file's `lines`, and `replace` fitted to each, by the first way of comparing
    that finds any. None where none does. No line has a line end.

    The ways: exact; but for blanks at the ends of lines; with another indentation; without blank lines; with `...` for
    lines left out; a part of one line; the only block that is at least 0.95 similar.
    """
    ladder: tuple[tuple[str, Callable[[], list[Match]]], ...] = (
        ("exact", lambda: _by(lines, search, replace, lambda line: line)),
        ("trailing blanks", lambda: _by(lines, search, replace, str.rstrip)),
        ("indentation", lambda: _shifted(lines, search, replace)),
        ("blank lines", lambda: _without_blank_lines(lines, search, replace)),
        ("elision", lambda: _elided(lines, search, replace)),
        ("part of a line", lambda: _in_line(lines, search, replace)),
        ("similar", lambda: _similar(lines, search, replace)),
    )
    for rung, matches in ladder:
        if found := matches():
            return Found(rung, tuple(found))
    return None


def nearest(lines: Sequence[str], search: Sequence[str]) -> tuple[int, float]:
    """The index of the block that is most similar to `search`, and how similar it is, from 0 to 1."""
    from difflib import SequenceMatcher

    wanted = "\n".join(line.strip() for line in search[:_LONGEST_COMPARED])
    size = min(len(search), _LONGEST_COMPARED)
    matcher = SequenceMatcher(None, "", wanted, autojunk=False)
    best = (0, 0.0)
    for start in range(max(1, len(lines) - size + 1)):
        matcher.set_seq1("\n".join(line.strip() for line in lines[start : start + size]))
        if matcher.real_quick_ratio() > best[1] and matcher.quick_ratio() > best[1] and matcher.ratio() > best[1]:
            best = (start, matcher.ratio())
    return best


def _by(lines: Sequence[str], search: Sequence[str], replace: Sequence[str], key: Callable[[str], str]) -> list[Match]:
    keys, wanted = [key(line) for line in lines], [key(line) for line in search]
    size = len(wanted)
    if not wanted:
        return []
    starts = [at for at in range(len(keys) - size + 1) if keys[at] == wanted[0] and keys[at : at + size] == wanted]
    return [Match(at, at + size, tuple(replace)) for at in starts]


def _shifted(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Match]:
    """Matches of lines that are indented differently than in the file; `replace` is moved with them."""
    if not any(line.strip() for line in search):
        return []
    found = []
    for match in _by(lines, search, replace, str.strip):
        inside = lines[match.start : match.end]
        if (fitted := _fitted(inside, search, replace)) is not None:
            found.append(Match(match.start, match.end, tuple(fitted)))
    return found


def _fitted(inside: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[str] | None:
    """`replace`, moved as `search` must be moved to become `inside`; line by line where no single move does it, None
    where a line of `replace` then has no partner.
    """
    pairs = [(indent_of(a), indent_of(b)) for a, b in zip(inside, search, strict=True) if a.strip()]
    first_file, first_search = pairs[0]
    if all(a == first_file.removesuffix(first_search) + b for a, b in pairs) and first_file.endswith(first_search):
        more = first_file.removesuffix(first_search)
        return [more + line if line.strip() else line for line in replace]
    if all(b == first_search.removesuffix(first_file) + a for a, b in pairs) and first_search.endswith(first_file):
        less = first_search.removesuffix(first_file)
        return [line.removeprefix(less) if line.strip() else line for line in replace]
    known = {line.strip(): indent_of(was) for was, line in zip(inside, search, strict=True)}
    moves = {indent_of(line): indent_of(was) for was, line in zip(inside, search, strict=True) if line.strip()}
    fitted = []
    for line in replace:
        indent = known.get(line.strip(), moves.get(indent_of(line)))
        if line.strip() and indent is None:
            return None
        fitted.append((indent or "") + line.strip() if line.strip() else line)
    return fitted


def _without_blank_lines(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Match]:
    """Matches where blank lines are in one text only, at the edges of the block or inside."""
    kept = [at for at, line in enumerate(lines) if line.strip()]
    wanted = [line for line in search if line.strip()]
    if not wanted:
        return []
    new = _trimmed(replace)
    dense = [lines[at] for at in kept]
    matches = _by(dense, wanted, new, str.rstrip) or _shifted(dense, wanted, new)
    return [Match(kept[match.start], kept[match.end - 1] + 1, match.lines) for match in matches]


def _trimmed(lines: Sequence[str]) -> list[str]:
    """The lines without blank ones at the beginning and the end."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return list(lines[start:end])


def _elided(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Match]:
    """The match of a search in which `...` stands for lines: its pieces follow each other, and each is found once. The
    same number of elisions in `replace` keeps these lines.
    """
    pieces, news = _pieces(search), _pieces(replace)
    if len(pieces) < 2 or len(news) not in (len(pieces), 1):
        return []
    spans: list[Match] = []
    for piece in pieces:
        start = spans[-1].end if spans else 0
        if not piece:
            continue
        places = _by(lines[start:], piece, (), str.strip)
        if not places:
            return []
        spans.append(Match(places[0].start + start, places[0].end + start, ()))
    if not spans or not pieces[0] or not pieces[-1]:
        return []
    if len(_by(lines, pieces[0], (), str.strip)) > 1:
        return []
    if len(news) == 1:
        return [Match(spans[0].start, spans[-1].end, tuple(news[0]))]
    result: list[str] = []
    for number, (span, piece, new) in enumerate(zip(spans, pieces, news, strict=False)):
        fitted = _fitted(lines[span.start : span.end], piece, new)
        if fitted is None:
            return []
        result += fitted
        if number + 1 < len(spans):
            result += lines[span.end : spans[number + 1].start]
    return [Match(spans[0].start, spans[-1].end, tuple(result))]


def _pieces(lines: Sequence[str]) -> list[list[str]]:
    """The runs of lines between elisions."""
    found: list[list[str]] = [[]]
    for line in lines:
        if elides(line):
            found.append([])
        else:
            found[-1].append(line)
    return [_trimmed(piece) for piece in found]


def _in_line(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Match]:
    """The only line that contains the single line searched for."""
    wanted, new = _trimmed(search), _trimmed(replace)
    if len(wanted) != 1 or len(new) > 1 or len(wanted[0].strip()) < 4:
        return []
    text = wanted[0].strip()
    fitting = [at for at, line in enumerate(lines) if line.count(text) == 1]
    if len(fitting) != 1:
        return []
    at = fitting[0]
    return [Match(at, at + 1, (lines[at].replace(text, new[0].strip() if new else ""),))]


def _similar(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Match]:
    """The only block that is at least 0.95 similar to `search`, if its lines have the same indentation."""
    if len(search) > _LONGEST_COMPARED or len("".join(search)) < 40:
        return []
    start, ratio = nearest(lines, search)
    if ratio < _SIMILAR or start + len(search) > len(lines):
        return []
    others = [*lines[:start], "", *lines[start + len(search) :]]
    if nearest(others, search)[1] >= _SIMILAR:
        return []
    inside = lines[start : start + len(search)]
    if [indent_of(line) for line in inside] != [indent_of(line) for line in search]:
        return []
    return [Match(start, start + len(search), tuple(replace))]
