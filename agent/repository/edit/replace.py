"""Applies hunks, what replaces what, to the files of a draft."""

from __future__ import annotations

from collections.abc import Sequence

from agent.repository.edit.draft import Draft
from agent.repository.edit.hunks import Replacement
from agent.repository.edit.matching import Found, Match, found_in, nearest
from agent.repository.edit.result import Reason, Refused
from agent.repository.edit.text_file import TextFile


def replace(draft: Draft, hunk: Replacement) -> None:
    """Change the draft as one hunk says.

    Of several places that match, the only one below the hunk's context, at its line, or inside a shown place is meant.
    Raises Refused where no place or several are left.
    """
    if hunk.malformed:
        reason = Reason.CUT if hunk.cut else Reason.NO_MATCH
        raise Refused(reason, "" if hunk.cut else "A block lacks the line `=======` or its last line.")
    if hunk.cut:
        raise Refused(Reason.CUT)
    path = _path(draft, hunk)
    if hunk.deletes:
        if path not in draft:
            raise Refused(Reason.UNKNOWN_PLACE, f"There is no file {path}.")
        draft.write(path, None)
        return
    file = draft.read(path)
    if not any(line.strip() for line in hunk.search):
        if hunk.patch and file.lines:
            raise Refused(Reason.NO_MATCH, f"A change of {path} has no lines around it.")
        draft.write(path, _appended(file, hunk.replace))
        return
    found = _found(file, hunk)
    if found is None:
        raise Refused(Reason.NO_MATCH, _missing(file, hunk, path))
    match = _one(draft, path, file, found, hunk)
    if found.rung not in ("exact", "trailing blanks"):
        draft.note(f"lines found by: {found.rung}")
    draft.write(path, file.with_lines(match.start + 1, match.end, match.lines))


def _path(draft: Draft, hunk: Replacement) -> str:
    """The file of a hunk: the one that it names, or the only shown one that has the searched lines."""
    if hunk.path:
        known = draft.resolved(hunk.path)
        if known or not any(line.strip() for line in hunk.search):
            path = known or hunk.path.removeprefix("./")
            draft.check(path)
            return path
    shown = list(dict.fromkeys(place.path for place in draft.shown))
    if not hunk.path and not shown:
        raise Refused(Reason.UNKNOWN_PLACE, "The answer names no file.")
    fitting = [path for path in shown if path in draft and _found(draft.read(path), hunk)]
    if len(fitting) > 1:
        raise Refused(Reason.AMBIGUOUS_PLACE, f"The lines are in {' and in '.join(fitting)}.")
    if fitting:
        return fitting[0]
    if hunk.path or len(shown) != 1:
        raise Refused(Reason.UNKNOWN_PLACE, f"There is no file {hunk.path}." if hunk.path else "No file is named.")
    return shown[0]


def _found(file: TextFile, hunk: Replacement) -> Found | None:
    """The places of a hunk; without its outer common lines where these do not match."""
    lines = file.plain
    found = found_in(lines, hunk.search, hunk.replace)
    search, new = list(hunk.search), list(hunk.replace)
    while found is None and hunk.patch and len(search) > 1:
        if new and search[0] == new[0]:
            search, new = search[1:], new[1:]
        elif new and search[-1] == new[-1]:
            search, new = search[:-1], new[:-1]
        else:
            return None
        found = found_in(lines, search, new)
    return found


def _one(draft: Draft, path: str, file: TextFile, found: Found, hunk: Replacement) -> Match:
    matches = list(found.matches)
    if len(matches) > 1 and hunk.context:
        matches = _below(file.plain, matches, hunk.context) or matches
    if len(matches) > 1:
        spans = [(place.first - 1, place.last) for place in draft.shown if place.path == path and place.name]
        inside = [each for each in matches if any(first <= each.start and each.end <= last for first, last in spans)]
        matches = inside or matches
    if len(matches) > 1 and hunk.line is not None:
        wanted = hunk.line - 1
        matches = sorted(matches, key=lambda each: abs(each.start - wanted))[:1]
    if len(matches) > 1:
        lines = ", ".join(str(each.start + 1) for each in matches[:5])
        raise Refused(Reason.AMBIGUOUS_PLACE, f"The lines stand in {path} {len(matches)} times, at lines {lines}.")
    return matches[0]


def _below(lines: Sequence[str], matches: Sequence[Match], context: Sequence[str]) -> list[Match]:
    """The first match below the lines of the context, which follow each other."""
    position = 0
    for text in context:
        at = next((i for i in range(position, len(lines)) if lines[i].strip().startswith(text.strip())), None)
        if at is None:
            return []
        position = at
    return [match for match in matches if match.start >= position][:1]


def _appended(file: TextFile, lines: Sequence[str]) -> TextFile:
    new = list(lines)
    while new and not new[-1].strip():
        new.pop()
    if file.lines and file.lines[-1].endswith(("\r", "\n")) is False:
        file = TextFile((*file.lines[:-1], file.lines[-1] + file.newline), file.bom, file.newline)
    return TextFile((*file.lines, *(line + file.newline for line in new)), file.bom, file.newline)


def _missing(file: TextFile, hunk: Replacement, path: str) -> str:
    """What was searched in vain, and the lines of the file that are nearest to it."""
    wanted = next(line.strip() for line in hunk.search if line.strip())
    start, ratio = nearest(file.plain, hunk.search)
    words = f"{path} does not have the lines that begin with `{wanted}`."
    if ratio < 0.5:
        return words
    close = "\n".join(file.plain[start : start + min(len(hunk.search), 12)])
    return f"{words} The nearest lines, from line {start + 1}, are:\n{close}\n"
