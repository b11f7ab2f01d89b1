"""Turns answers of models into changed files: `read_edits`, with the places that a prompt has shown.

Three forms of edits can be asked for (`FORMATS`): definitions rewritten, which are put in place of the present ones by
their lines; whole files; SEARCH/REPLACE blocks. Every form is read, whichever was asked for, diffs included.
"""

from agent.repository.edit.place import Place
from agent.repository.edit.read import read_edits
from agent.repository.edit.result import FORMATS, Edits, Format, Reason, Refusal

__all__ = ["FORMATS", "Edits", "Format", "Place", "Reason", "Refusal", "read_edits"]
