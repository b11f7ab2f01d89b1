"""The samples of a role in a report: their lengths, and the text of answers from which nothing was extracted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from cure.json_lines import line_at, placed_lines

LONGEST_ANSWER = 4_000
"""Maximum characters of an answer that are shown."""
Place = tuple[int, int]
"""Problem and index of a sample."""


@dataclass(frozen=True)
class Answers:
    """The samples of a role. Texts stay on disk: `text` reads one."""

    path: Path
    lengths: list[int] = field(default_factory=list)
    """Completion tokens of each sample that did not fail."""
    unread: dict[Place, int] = field(default_factory=dict)
    """Offsets in the file of the answers from which nothing was extracted."""

    def text(self, problem: int, index: int) -> str:
        """The first characters of an answer from which nothing was extracted; empty for other answers."""
        place = self.unread.get((problem, index))
        if place is None:
            return ""
        with self.path.open("rb") as file:
            text: str = line_at(file, place)["text"]
        return text[:LONGEST_ANSWER]


def answers_of(path: Path, unread: Collection[Place]) -> Answers:
    """The answers in a file of samples; `unread` are the answers from which nothing was extracted."""
    found = Answers(path)
    for place, record in placed_lines(path):
        if not record["error"]:
            found.lengths.append(record["completion_tokens"])
        if (record["problem"], record["index"]) in unread:
            found.unread[record["problem"], record["index"]] = place
    return found
