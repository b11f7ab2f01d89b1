"""What may be repaired, by versions 2 and 3 of `repair_rules`: pure functions of the tables after each round so far.

* A generated test drives a repair only if it is believed (`believed_failures`) and more probably right than wrong.
* A repair that fails a trusted test which its parent passes is not accepted, and never repaired itself.
* Of candidates that behave alike and fail a test in the same way only one is a target, that is, one to repair, in all
  rounds: the one whose repair was asked for first. Nor do two prompts of one round show the same failure, though their
  targets behave differently.
* A target's failure of a test is a lost cause once LOST_AFTER repairs asked for because of it fail the test in one and
  the same way: neither the target nor candidates that behave like it or descend from it are repaired towards that test
  again. Nor is a target repaired towards a test that an accepted repair of it already passes.
* Version 3 alone: after a round of repairs in vain (`repaired_in_vain`) nothing is repaired before more was sampled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent.solve.reading import MIN_CONFIDENCE_GAIN, AnyReading
from cure.repair import Signature, accepted, signature
from cure.select.validity import BELIEVABLE, believed_failures
from cure.table import AnyTable, clusters

FAILURES_SHOWN = 2
"""Failed tests that a prompt shows at most."""
REPAIR_TARGETS = 2
"""Candidates that a round repairs at most."""
LOST_AFTER = 2
"""Number of repairs that fail in the same way, after which a failure is not repaired again."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class RepairRequest:
    """One request for repairs: a candidate, one of the failures that the coder was shown, and what came of it."""

    target: str
    test: str
    failure: Signature
    repairs: tuple[str, ...]


def repair_requests(readings: Sequence[AnyReading]) -> list[RepairRequest]:
    """The failures for which repairs were requested in the rounds so far, round by round."""
    found: list[RepairRequest] = []
    for before, after in pairwise(readings):
        rows, earlier = after.table.candidates, before.table.candidates
        for target, failures in _shown(before, after.repaired, tuple(found)).items():
            made = tuple(name for name, row in rows.items() if row.parent == target and name not in earlier)
            found += [RepairRequest(target, test, failure, made) for failure, test in failures.items()]
    return found


def failures_to_show(readings: Sequence[AnyReading], targets: Sequence[str]) -> dict[str, list[str]]:
    """By target of a round's repairs, names of the failed tests that its prompt shows, at most FAILURES_SHOWN: trusted
    ones first, then by their probability of being right if the target is wrong.
    """
    shown = _shown(readings[-1], targets, repair_requests(readings))
    return {target: list(failures.values()) for target, failures in shown.items()}


def repair_targets(readings: Sequence[AnyReading]) -> tuple[str, ...]:
    """The best-ranked candidates that may be repaired, at most REPAIR_TARGETS, of which no two behave alike and no two
    have prompts that show the same failure.
    """
    reading, so_far = readings[-1], repair_requests(readings)
    groups = _groups(reading.table)
    targets: dict[int, str] = {}
    taken: set[Signature] = set()
    for ranked in reading.ranking.ranked:
        group = groups[ranked.candidate]
        if group not in targets and (shown := _shown_to(reading, ranked.candidate, so_far, groups, taken)):
            targets[group] = ranked.candidate
            taken |= shown.keys()
        if len(targets) == REPAIR_TARGETS:
            break
    return tuple(targets.values())


def why_not(readings: Sequence[AnyReading], candidate: str) -> str:
    """Why a candidate that fails credible tests is not repaired, in words; empty if nothing speaks against it."""
    reading, so_far = readings[-1], repair_requests(readings)
    groups = _groups(reading.table)
    if _shown_to(reading, candidate, so_far, groups, ()):
        return ""
    if not accepted(reading.table, candidate):
        return f"{candidate} is a repair that fails a trusted test which its parent passes"
    against = (
        reason
        for test in credible_failures(reading, candidate)
        if (failure := signature(reading.table, candidate, test))
        and (reason := _against(reading, candidate, failure, so_far, groups))
    )
    return next(against, "")


def repaired_in_vain(readings: Sequence[AnyReading]) -> tuple[str, ...]:
    """The candidates that the last round repaired, if none of its repairs passes more trusted tests than its parent and
    the answer's probability of being right rose by at most MIN_CONFIDENCE_GAIN; else none.
    """
    if len(readings) < 2 or not readings[-1].repaired:
        return ()
    before, now = readings[-2:]
    table, trusted = now.table, now.table.names(trusted=True)

    def passed(name: str) -> int:
        return sum(table.passes(name, test) for test in trusted)

    made = [(name, row.parent) for name, row in table.candidates.items() if name not in before.table.candidates]
    better = any(parent in table.candidates and passed(name) > passed(parent) for name, parent in made if parent)
    return () if better or now.confidence > before.confidence + MIN_CONFIDENCE_GAIN else now.repaired


def credible_failures(reading: AnyReading, candidate: str) -> list[str]:
    """Names of the believed tests that the candidate fails (`believed_failures`), without generated ones that are not
    more probably right than wrong.
    """
    tests, failing = reading.table.tests, believed_failures(reading.table, candidate, reading.probabilities)
    # A test of which nothing but the prior is known has probability 0.5 and is no reason for a repair: on stored tables
    # few such tests are right (docs/measurements.md, "Tests that drive repairs").
    return [name for name in failing if tests[name].trusted or reading.validity[name] > BELIEVABLE + _ROUNDING]


def _shown(
    reading: AnyReading, targets: Sequence[str], requests: Sequence[RepairRequest]
) -> dict[str, Mapping[Signature, str]]:
    """By target, the failed tests that its repair prompt shows, by signature; a signature is shown for one target."""
    groups, taken = _groups(reading.table), set[Signature]()
    shown: dict[str, Mapping[Signature, str]] = {}
    for target in targets:
        shown[target] = _shown_to(reading, target, requests, groups, taken)
        taken |= shown[target].keys()
    return shown


def _shown_to(
    reading: AnyReading,
    candidate: str,
    requests: Sequence[RepairRequest],
    groups: Mapping[str, int],
    taken: Collection[Signature],
) -> dict[Signature, str]:
    """By signature, the first FAILURES_SHOWN tests to repair the candidate towards, without signatures in `taken`."""
    found: dict[Signature, str] = {}
    if not accepted(reading.table, candidate):
        return found
    for test in credible_failures(reading, candidate):
        failure = signature(reading.table, candidate, test)
        if failure and failure not in taken and not _against(reading, candidate, failure, requests, groups):
            found.setdefault(failure, test)
        if len(found) == FAILURES_SHOWN:
            break
    return found


def _against(
    reading: AnyReading,
    candidate: str,
    failure: Signature,
    requests: Sequence[RepairRequest],
    groups: Mapping[str, int],
) -> str:
    """Why the failure of the candidate is not repaired, in words; empty if nothing speaks against it."""
    table, line = reading.table, {candidate, *_ancestors(reading.table, candidate)}
    repairs: dict[str, list[str]] = {}
    for request in requests:
        alike = groups[request.target] == groups[candidate]
        if request.failure == failure and (alike or request.target in line):
            repairs.setdefault(request.target, []).extend(request.repairs)
            test = request.test
    for target, made in repairs.items():
        ways = Counter(way for each in made if (way := signature(table, each, test)))
        if max(ways.values(), default=0) >= LOST_AFTER:
            return f"{LOST_AFTER} repairs of {target} failed {test} in the same way"
        if target != candidate and groups[target] == groups[candidate]:
            return f"{target}, which behaves like it, is repaired in its place"
    done = [each for each in repairs.get(candidate, ()) if table.passes(each, test) and accepted(table, each)]
    return f"its repair {done[0]} passes {test}" if done else ""


def _groups(table: AnyTable) -> dict[str, int]:
    """By candidate, the number of its group among those that behave alike."""
    return {name: number for number, group in enumerate(clusters(table)) for name in group}


def _ancestors(table: AnyTable, candidate: str) -> Iterator[str]:
    """Names of the candidates from which this one descends by repairs, the nearest first."""
    while (parent := table.candidates[candidate].parent) is not None and parent in table.candidates:
        yield parent
        candidate = parent
