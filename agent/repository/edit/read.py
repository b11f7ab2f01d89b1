"""Reads the answer of a model into changed files, in whatever form it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.repository.edit.answer import Answer, Block, parsed
from agent.repository.edit.code import Code, code_of
from agent.repository.edit.draft import Draft, Protected
from agent.repository.edit.headers import Header, header_of, sections
from agent.repository.edit.hunks import patches, search_replace
from agent.repository.edit.place import Place
from agent.repository.edit.replace import replace
from agent.repository.edit.result import Edits, Format, Reason, Refusal, Refused
from agent.repository.edit.rewrite import rewrite
from agent.repository.edit.whole import is_python, is_whole, write_whole
from agent.repository.files import Files
from cure.fences import fence

_SHELL = ("bash", "sh", "shell", "console", "text", "txt", "output", "plaintext")


@dataclass(frozen=True)
class _Part:
    """A section of a block, with the file that it names, if that exists."""

    block: Block
    header: Header
    path: str | None


def read_edits(
    text: str,
    files: Files,
    shown: Sequence[Place],
    *,
    format: Format = "rewrite",  # noqa: A002 - the word that the rest of the package uses
    cut: bool = False,
    protected: Protected = lambda _: False,
) -> Edits | Refusal:
    """The changed files that an answer asks for, or why it is refused. Never raises for what a model writes.

    `shown` are the definitions in the prompt: a block of code without a header is matched with them by name. `format`
    is the form that was asked for; an answer in another form is read, too. `cut` says that the answer ended at the
    limit of tokens. `protected` says which paths may not be changed. Every changed Python file is valid, unless it had
    the same syntax error in an unchanged line before.
    """
    draft = Draft(files, shown, protected)
    try:
        answer = parsed(text)
        if hunks := search_replace(answer.text):
            for hunk in hunks:
                replace(draft, hunk)
            return draft.edits("search")
        if hunks := patches(answer.text):
            for hunk in hunks:
                replace(draft, hunk)
            return draft.edits("diff")
        return _of_blocks(draft, answer, format, cut)
    except Refused as refused:
        return refused.refusal


def _of_blocks(draft: Draft, answer: Answer, asked: Format, cut: bool) -> Edits:
    """The changes of an answer that consists of blocks of code."""
    parts = [part for block in answer.blocks for part in _parts(draft, block)]
    parts = [part for part in parts if not _is_output(part)]
    if not parts:
        unfinished = answer.unfinished or cut or _ends_in_fence(answer.text)
        raise Refused(Reason.CUT if unfinished else Reason.NO_CODE)
    forms: set[str] = set()
    unplaced: list[tuple[_Part, Refused]] = []
    for part in parts:
        ends_early = part is parts[-1] and not part.block.closed
        try:
            forms.add(_apply(draft, part, asked, ends_early and cut))
        except Refused as refused:
            # What a block belongs to may stand in a later one; remarks may hold examples of use, which may be cut.
            if not _is_example(part, refused) and not (forms and ends_early):
                raise
            unplaced.append((part, refused))
    if not forms:
        raise unplaced[0][1]
    for part, before in unplaced:
        try:
            _apply(draft, part, asked, cut and not part.block.closed)
        except Refused:
            draft.note(f"block left out: {before.refusal.words}")
    return draft.edits("rewrite" if "rewrite" in forms else "whole")


def _apply(draft: Draft, part: _Part, asked: Format, cut: bool) -> str:
    """Change the draft as one part says, and return the form that it has."""
    path = part.path
    if ".." in part.header.path.split("/"):
        draft.check(part.header.path)
    new_path = part.header.path if path is None else None
    if (path is not None and not is_python(path)) or (new_path is not None and new_path and not is_python(new_path)):
        if cut:
            raise Refused(Reason.CUT)
        write_whole(draft, path or new_path or "", part.block.lines)
        return "whole"
    code = code_of(part.block.lines, closed=part.block.closed)
    if cut:
        raise Refused(Reason.CUT)
    for note in code.notes:
        draft.note(note)
    if path is None and new_path and not _is_shown(draft, code):
        draft.check(new_path)
        write_whole(draft, new_path, code.lines)
        return "whole"
    whole = path or (_only_path(draft) if asked == "whole" else None)
    if whole and not part.header.name and whole in draft and is_whole(draft.read(whole), code, asked=asked == "whole"):
        write_whole(draft, whole, code.lines)
        return "whole"
    if path is None and new_path:
        draft.note(f"path corrected: {new_path}")
    rewrite(draft, code, part.header, path)
    return "rewrite"


def _parts(draft: Draft, block: Block) -> list[_Part]:
    """The sections of a block, cut at comments that name files."""
    found: list[_Part] = []
    for lines in sections(block.lines, draft.knows):
        section = Block(block.info, block.above if not found else (), lines, block.closed)
        header, rest = header_of(section, draft.knows)
        path = draft.resolved(header.path) if header.path else None
        found.append(_Part(Block(section.info, section.above, rest, section.closed), header, path))
    return found


def _is_output(part: _Part) -> bool:
    """Whether a block is no code for a file: commands, or what a program prints."""
    mark = fence("```" + part.block.info)
    language = mark.language if mark else ""
    return language in _SHELL and part.path is None and not part.header.path


def _is_example(part: _Part, refused: Refused) -> bool:
    """Whether a block that belongs nowhere can be left out, since it names no place itself."""
    unplaced = refused.refusal.reason in (Reason.UNKNOWN_PLACE, Reason.SYNTAX_ERROR)
    return unplaced and not part.header.path and not part.header.name


def _is_shown(draft: Draft, code: Code) -> bool:
    """Whether the code defines something that a prompt has shown, so that its file is known."""
    names = {part for place in draft.shown for part in place.name.split(".")}
    return any(each.short in names for each in code.outer)


def _only_path(draft: Draft) -> str | None:
    paths = {place.path for place in draft.shown}
    return paths.pop() if len(paths) == 1 else None


def _ends_in_fence(text: str) -> bool:
    return bool(text) and text.rstrip().endswith(":")
