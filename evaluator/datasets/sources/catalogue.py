"""The data sets of the CURE paper: where they are published, and how large they are."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from evaluator.datasets.errors import DatasetError


@dataclass(frozen=True)
class PaperSet:
    """A set that the authors of the CURE paper published, of problems over standard input and output."""

    name: str
    split: str
    problems: int
    """Rows of the published file."""
    paper: str
    """The set's size according to the CURE paper, in words."""

    @property
    def hub(self) -> str:
        """The name of the repository on the Hugging Face hub."""
        return f"Gen-Verse/{self.name}"

    @property
    def file(self) -> str:
        """The path, in the repository, of the file that holds the set."""
        return f"{self.split}/{self.name}.json"


PAPER_SETS = (
    PaperSet("CodeContests", "test", 239, "200 held out"),
    PaperSet("LiveBench", "test", 128, "128"),
    PaperSet("LiveCodeBench", "test", 511, "511 (v2)"),
    PaperSet("CodeForces", "test", 467, "500 sampled"),
    PaperSet("MBPP", "test", 221, "test split"),
    PaperSet("CodeContests_train", "train", 4530, "4.5K, difficulty <= 2"),
)

_OTHER_NAMES = {"codecontests_test": "CodeContests"}
_BY_NAME = {item.name.lower(): item for item in PAPER_SETS}


def paper_set(name: str) -> PaperSet | None:
    """The set of this name, in upper or lower case, with or without `Gen-Verse/`; None if there is none."""
    key = name.lower().removeprefix("gen-verse/")
    return _BY_NAME.get(_OTHER_NAMES.get(key, key).lower())


def known_set(name: str) -> PaperSet:
    """The set of this name. Raises DatasetError for an unknown name, naming the nearest known set if one is near."""
    if found := paper_set(name):
        return found
    near = difflib.get_close_matches(name.lower(), _BY_NAME, n=1)
    hint = f"did you mean {_BY_NAME[near[0]].name}?" if near else "`cure-agent datasets list` shows the known ones"
    raise DatasetError(f"no set is called {name!r}; {hint}")
