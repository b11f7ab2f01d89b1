"""How useful the audit of generated tests (`cure/audit`) is, on labelled execution tables of real models.

`drives`: parts of every table (8 programs and 8 tests), as after a first round whose answer is not verified. A test
drives a repair if the prompt of the repair shows it. Two rules for the failed tests to show are compared:
`believed_failures` (`cure/select/validity.py`) and `credible_failures` (`agent/solve/repairs.py`).
Printed are, for each of these functions, the repairs of the best program, the repairs that show generated tests alone,
how many of those are repairs of a program that is right already, the generated tests that repairs show, and how many of
those tests are right.

`audit`: whole tables. Mutants of the leading program, the first of the ranking, run on the tests. Printed are the tests
by what the audit says of them, with the share that is right; then how well three numbers predict which right tests fail
a wrong program (area under the ROC curve): the share of mutants that the test kills, the share of programs that fail
it, and the sum of both. The wrong programs are halved: one half is counted, the other is to be failed.

    python -m benchmarks.audit_of_tests drives TABLE ...
    python -m benchmarks.audit_of_tests audit TABLE ... [--sandbox bubblewrap]
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from agent.solve.reading import AnyReading, read
from agent.solve.repairs import FAILURES_SHOWN, credible_failures
from benchmarks.tables.stored import LabelledTable, load
from cure.audit import TestAudit, audit, run_mutants
from cure.select import believed_failures, rank_by_agreement, validity_of_tests
from cure.table import Judging, ProgramExecutor
from cure.table.compare import comparison
from sandbox import Limits, open_sandbox

SIZE = 8
DRAWS = 5
CONFIDENT = 0.85


def drawn(tables: Iterable[LabelledTable]) -> Iterator[tuple[LabelledTable, AnyReading]]:
    """At most DRAWS random parts of each labelled table, each with its `Reading`; none has a verified answer."""
    for labelled in tables:
        for draw in range(DRAWS if labelled.valid else 0):
            rng = random.Random(f"{labelled.problem}/{draw}")
            programs, tests = list(labelled.table.candidates), list(labelled.valid)
            part = labelled.part(
                rng.sample(programs, min(SIZE, len(programs))), rng.sample(tests, min(SIZE, len(tests)))
            )
            reading = read(part.table, rank_by_agreement)
            if reading.best is not None and not reading.is_verified(CONFIDENT):
                yield part, reading


def drives(names: Sequence[str]) -> None:
    """Print what drives the repair of the best program by both versions of the rules."""
    counts: dict[str, Counter[str]] = {"believed_failures": Counter(), "credible_failures": Counter()}
    tables = 0
    failed: list[bool] = []
    for part, reading in drawn(table for name in names for table in load(name)):
        tables += 1
        best = reading.best
        assert best is not None
        generated = [name for name in part.table.names(trusted=False) if part.table.known(best, name)]
        failed += [part.valid[name] for name in generated if not part.table.passes(best, name)]
        failing = {
            "believed_failures": believed_failures(part.table, best, reading.probabilities),
            "credible_failures": credible_failures(reading, best),
        }
        for rule, tests in failing.items():
            shown, count = tests[:FAILURES_SHOWN], counts[rule]
            generated = [name for name in shown if not part.table.tests[name].trusted]
            alone = bool(shown) and generated == shown
            count["repairs"] += bool(shown)
            count["repairs that show generated tests alone"] += alone
            count["such repairs of a program that is right"] += alone and part.right[best]
            count["generated tests shown"] += len(generated)
            count["right generated tests shown"] += sum(part.valid[test] for test in generated)
    print(f"{tables} parts of tables, no answer verified; {len(failed)} generated tests that the best program fails,")
    print(f"{sum(failed)} of them right")
    for rule, count in counts.items():
        print(f"{rule}: " + ", ".join(f"{what} {number}" for what, number in count.items()))


async def audited(tables: Iterable[LabelledTable], kind: str) -> list[tuple[LabelledTable, str, list[TestAudit]]]:
    """Each labelled table that has programs, with the name of its leading program and the audit of its tests."""
    found = []
    sandbox = await open_sandbox(kind)
    for labelled in tables:
        leader = rank_by_agreement(labelled.table).best
        if leader is None or not labelled.valid:
            continue
        evaluated = labelled.evaluated
        judging = Judging(
            name=evaluated.comparison,
            equal=comparison(evaluated.comparison),
            limits=Limits(cpu_s=evaluated.limit_s),
        )
        runs = await run_mutants(ProgramExecutor(sandbox, judging), labelled.table, leader)
        validity = validity_of_tests(labelled.table, read(labelled.table, rank_by_agreement).probabilities)
        found.append((labelled, leader, audit(labelled.table, validity, leader, runs, judging.equal)))
    await sandbox.close()
    return found


def report(found: Sequence[tuple[LabelledTable, str, list[TestAudit]]]) -> None:
    """Print the share of right tests by what the audit says of them, and how well the strong ones among them are found.

    A right test is strong if it fails a wrong program of the half that is not counted; the leader is in neither half.
    """
    kinds: dict[str, list[bool]] = {}
    validity: list[tuple[float, bool]] = []
    strength: dict[str, list[tuple[float, bool]]] = {"mutants": [], "programs": [], "together": []}
    mutants = tables = 0
    for labelled, leader, audits in found:
        tables += 1
        mutants += max((each.mutants for each in audits), default=0)
        wrong = [name for name, right in labelled.right.items() if not right and name != leader]
        for each in audits:
            right = labelled.valid[each.test]
            for kind in _kinds(each):
                kinds.setdefault(kind, []).append(right)
            if each.repeats is None and each.right is not None:
                validity.append((each.right, right))
            if right and each.repeats is None and each.leader_passes and each.mutants and len(wrong) > 1:
                seen, unseen = wrong[::2], wrong[1::2]
                fails = any(not labelled.table.passes(name, each.test) for name in unseen)
                by_mutants = len(each.mutants_killed) / each.mutants
                by_programs = sum(not labelled.table.passes(name, each.test) for name in seen) / len(seen)
                for what, value in (
                    ("mutants", by_mutants),
                    ("programs", by_programs),
                    ("together", by_mutants + by_programs),
                ):
                    strength[what].append((value, fails))
    print(f"{tables} tables, {mutants} mutants told apart from the leading program")
    for kind, rights in sorted(kinds.items()):
        print(f"{kind}: {len(rights)} tests, right {sum(rights) / len(rights):.3f}")
    print(f"P(right) against the truth: AUROC {auroc(validity):.3f} of {len(validity)} new tests")
    for what, pairs in strength.items():
        failing = sum(label for _, label in pairs)
        print(f"a right test fails an unseen wrong program ({failing} of {len(pairs)}) by {what}: {auroc(pairs):.3f}")


def _kinds(audit: TestAudit) -> list[str]:
    if audit.repeats is not None:
        return ["repeats an example"]
    flags = {
        "all": True,
        "vacuous": audit.vacuous,
        "passed by no program": audit.failed_by_all,
        "the same as an earlier test": bool(audit.same_as),
        "contradicts another test": bool(audit.contradicts),
        "passed by the leading program": audit.leader_passes,
        "passed by the leading program, kills a mutant": audit.leader_passes and bool(audit.mutants_killed),
        "kills mutants that the examples miss": audit.leader_passes and audit.beyond_examples > 0,
    }
    return [kind for kind, holds in flags.items() if holds]


def auroc(pairs: Sequence[tuple[float, bool]]) -> float:
    """Probability that a true pair has the larger value than a false one, ties counting half; nan if one kind lacks."""
    true, false = [v for v, label in pairs if label], [v for v, label in pairs if not label]
    if not true or not false:
        return float("nan")
    wins = sum((a > b) + 0.5 * (a == b) for a in true for b in false)
    return wins / (len(true) * len(false))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("drives", "audit"))
    parser.add_argument("tables", nargs="+", help="names of stored tables, such as codegen-16b+codegen-16b")
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    if options.what == "drives":
        drives(options.tables)
    else:
        tables = (table for name in options.tables for table in load(name))
        report(asyncio.run(audited(tables, options.sandbox)))


if __name__ == "__main__":
    main()
