"""Problem sets that are stored on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from tui.picks import Pick, picks_of


@dataclass(frozen=True)
class StoredSet:
    """A problem set, not read yet."""

    name: str
    path: str
    problems: int

    @property
    def title(self) -> str:
        """Its name."""
        return self.name

    @property
    def facts(self) -> str:
        """Its number of problems, in words."""
        return f"{self.problems} problems"

    @property
    def text(self) -> str:
        """What it is and where."""
        return f"{self.name}: a data set of {self.facts}\n{self.path}"

    def picks(self) -> list[Pick]:
        """Its problems. Raises ProblemError when they cannot be read."""
        from cure.problem.file import read_problem_file

        return picks_of(read_problem_file(self.path))


def stored_sets() -> list[StoredSet]:
    """The sets of the CURE paper that are on this machine and whole."""
    from evaluator import listed

    return [
        StoredSet(row["name"], row["path"], row["problems"])
        for row in listed([])["sets"]
        if row["path"] and row["problems"]
    ]
