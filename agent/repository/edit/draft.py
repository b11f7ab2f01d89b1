"""The files that an answer has changed so far, and the paths that it may name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from agent.repository.edit.answer import error_in
from agent.repository.edit.place import Place
from agent.repository.edit.result import Edits, Reason, Refused
from agent.repository.edit.text_file import TextFile, text_file
from agent.repository.files import Files

Protected = Callable[[str], bool]


class Draft:
    """Files with changes that are made one after the other while an answer is read."""

    def __init__(self, files: Files, shown: Sequence[Place], protected: Protected = lambda _: False) -> None:
        self.shown = tuple(shown)
        self.notes: list[str] = []
        self.names: list[str] = []
        self._files = files
        self._known = frozenset(files.paths)
        self._protected = protected
        self._texts: dict[str, TextFile | None] = {}

    def __contains__(self, path: str) -> bool:
        """Whether there is a file of that path now."""
        return self._texts[path] is not None if path in self._texts else path in self._known

    def read(self, path: str) -> TextFile:
        """The file as it is now, empty where it is new. Raises Refused where it is no text or may not be changed."""
        self.check(path)
        if path in self._texts:
            return self._texts[path] or TextFile(())
        return self.base(path) or TextFile(())

    def base(self, path: str) -> TextFile | None:
        """The file as it was; None where there was none. Raises Refused where it is no text."""
        if path not in self._known:
            return None
        file = text_file(self._files.read(path))
        if file is None:
            raise Refused(Reason.OUTSIDE, f"{path} is not a text file in UTF-8.")
        return file

    def write(self, path: str, file: TextFile | None, name: str | None = "") -> None:
        """Replace a file, or delete it (None). `name` is the definition that was changed, empty where it is the file as
        a whole, None where the change only serves other changes.
        """
        if file is not None and path in self and file == self.read(path):
            return
        self.check(path)
        self._texts[path] = file
        full = f"{path}::{name}" if name else path
        if name is not None and full not in self.names:
            self.names.append(full)

    def note(self, words: str) -> None:
        """Remember a remark, once."""
        if words not in self.notes:
            self.notes.append(words)

    def check(self, path: str) -> None:
        """Raise Refused where the file of this path may not be changed."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ":" in parts[0] or ".." in parts or "\0" in path:
            raise Refused(Reason.OUTSIDE, f"{path} is not a path inside the repository.")
        if any(part.lower() == ".git" for part in parts):
            raise Refused(Reason.OUTSIDE, f"{path} belongs to git.")
        if any(str(parent) in self._known for parent in PurePosixPath(path).parents):
            raise Refused(Reason.OUTSIDE, f"{path} lies below a file.")
        if self._protected(path):
            raise Refused(Reason.OUTSIDE, f"{path} is protected.")

    def resolved(self, path: str) -> str | None:
        """The file that a path in an answer names: that path, or the only one that ends in the same way, of the shown
        files first. None where no file fits. Raises Refused where several fit.
        """
        path = _normal(path)
        if path in self:
            return path
        for paths in (sorted({place.path for place in self.shown}), [*self._known]):
            fitting = [each for each in paths if each.endswith("/" + path) or path.endswith("/" + each)]
            if len(fitting) > 1:
                # An absolute path ends with each of several names; the longest says most.
                longest = [each for each in fitting if path.endswith("/" + each)]
                fitting = [max(longest, key=len)] if longest else fitting
            if len(fitting) > 1:
                raise Refused(Reason.AMBIGUOUS_PLACE, f"{path} may be {' or '.join(sorted(fitting)[:3])}.")
            if fitting:
                return fitting[0]
        return None

    def knows(self, path: str) -> bool:
        """Whether a path in an answer names a file; also where it may be several."""
        try:
            return self.resolved(path) is not None
        except Refused:
            return True

    def edits(self, form: str) -> Edits:
        """The changes. Raises Refused where a Python file is no longer valid, or nothing differs from before."""
        changed: dict[str, bytes | None] = {}
        for path, file in self._texts.items():
            before = self._files.read(path) if path in self._known else None
            after = None if file is None else file.encode()
            if after != before:
                changed[path] = after
                if file is not None and path.endswith((".py", ".pyi")):
                    self._check_syntax(path, file)
        if not changed:
            raise Refused(Reason.NO_CHANGE)
        names = tuple(name for name in self.names if name.partition("::")[0] in changed)
        return Edits(changed, form, names, tuple(self.notes))

    def _check_syntax(self, path: str, file: TextFile) -> None:
        """Raise Refused where the file has a syntax error, unless it had the same one in an unchanged line before."""
        error = error_in(file.text)
        if error is None:
            return
        base = self.base(path)
        before = error_in(base.text) if base else None
        if base and before and error.msg == before.msg and _line(file, error) == _line(base, before):
            self.note(f"{path} was not valid Python before: {before.msg}")
            return
        where = f"{path}, line {error.lineno}: {error.msg}"
        line = _line(file, error)
        raise Refused(Reason.SYNTAX_ERROR, f"{where}{f' in `{line}`' if line else ''}.")


def _line(file: TextFile, error: SyntaxError) -> str:
    number = error.lineno or 0
    return file.plain[number - 1].strip() if 0 < number <= len(file.lines) else ""


def _normal(path: str) -> str:
    path = path.strip().replace("\\", "/")
    return str(PurePosixPath(path.removeprefix("./"))) if path else path
