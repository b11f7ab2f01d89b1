"""A scripted engine's answers to one task, drawn from a pool at known rates, with the truth of each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repository_tasks.pools import CoderAnswer, Pool, TesterAnswer

KEYS = {"coder": ("coder/*",), "repair": ("repair/*",), "tester": ("tester/*", "refine/*")}
"""Globs of the keys of requests by who answers."""
WEIGHTS = {"mutant": 4, "partial": 2, "special case": 2, "mutated": 3, "old": 2, "vacuous": 2, "no import": 0}
"""How often a kind of wrong answer is drawn, as against 1 for the other kinds. A test without its imports may be mended
by who reads it, and so be right.
"""


@dataclass(frozen=True)
class Rates:
    """With which probability an answer is right."""

    candidates: float = 0.3
    tests: float = 0.6
    repairs: float = 0.5
    has_right: bool = True
    """False where no edit and no repair may be right."""


@dataclass(frozen=True)
class Drawn:
    """One answer of the script."""

    role: str
    """coder, repair or tester."""
    answer: str
    """The id of the pool's answer."""
    kind: str
    right: bool
    text: str


@dataclass(frozen=True)
class Script:
    """The answers, in the order in which requests of a role get them."""

    task: str
    seed: int
    drawn: tuple[Drawn, ...]

    def of(self, role: str) -> list[Drawn]:
        """The answers of a role."""
        return [each for each in self.drawn if each.role == role]

    def has_right(self, count: int) -> bool:
        """Whether one of the coder's first `count` answers is right."""
        return any(each.right for each in self.of("coder")[:count])

    def entries(self) -> list[dict[str, object]]:
        """Entries of the scripted engine. After its last answer a role starts again from its first."""
        return [
            {"key": key, "completions": [each.text for each in self.of(role)], "repeat": True}
            for role, keys in KEYS.items()
            for key in keys
        ]

    def write(self, path: Path) -> Path:
        """Write the file that `--model scripted:PATH` reads. Returns the path."""
        path.write_text(json.dumps(self.entries()), encoding="utf-8")
        return path


def scripted(pool: Pool, rates: Rates, *, seed: int, count: int = 32) -> Script:
    """`count` answers of the coder, of repairs, and of the tester. The same arguments give the same script.

    Each answer is right with the role's probability, on its own; a right one is drawn without repetition as long as the
    pool has more, a wrong one by its kind first. Raises ValueError where the pool lacks a right or wrong answer that is
    needed.
    """
    draw = random.Random(f"{seed} {pool.task}")
    edits = rates.candidates * rates.has_right, rates.repairs * rates.has_right
    # A repair is read on top of what it repairs, where lines to be replaced may no longer be found.
    repairs = [each for each in pool.coder if not each.right or each.form != "replacements"]
    drawn = [
        *_answers("coder", pool.coder, edits[0], count, draw),
        *_answers("repair", repairs, edits[1], count, draw),
        *_answers("tester", pool.tester, rates.tests, count, draw),
    ]
    return Script(pool.task, seed, tuple(drawn))


def _answers(
    role: str, answers: Sequence[CoderAnswer | TesterAnswer], rate: float, count: int, draw: random.Random
) -> Iterator[Drawn]:
    right = [each for each in answers if each.right]
    kinds: dict[str, list[CoderAnswer | TesterAnswer]] = {}
    for each in answers:
        if not each.right:
            kinds.setdefault(each.kind, []).append(each)
    if (rate and not right) or (rate < 1 and not kinds):
        raise ValueError(f"the pool has no {'right' if not right else 'wrong'} answer for {role}")
    queue: list[CoderAnswer | TesterAnswer] = []
    for _ in range(count):
        if draw.random() < rate:
            queue = queue or draw.sample(right, len(right))
            chosen = queue.pop()
        else:
            weights = [WEIGHTS.get(kind, 1) for kind in kinds]
            chosen = draw.choice(draw.choices(list(kinds.values()), weights)[0])
        yield Drawn(role, chosen.id, chosen.kind, chosen.right, chosen.text)
