"""What each generated test is worth: whether it is probably right, what it kills, and whether it says anything new.

`audit` is a pure function of the table and, where mutants of the leading program were run, of the tests that they pass
and fail; `run_mutants` executes them. Mutants never enter the table, so they change neither ranking nor confidence.
"""

from cure.audit.audit import TestAudit, audit
from cure.audit.mutants import Mutant, mutants
from cure.audit.run import MOST_MUTANTS, MUTANT_SECONDS, MutantRun, run_mutants

__all__ = ["MOST_MUTANTS", "MUTANT_SECONDS", "Mutant", "MutantRun", "TestAudit", "audit", "mutants", "run_mutants"]
