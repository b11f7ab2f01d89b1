"""Runs the tests of a repository in a sandbox: how they are run, in which environment, and what became of each test.

`find_suite` reads how the tests are run, `find_interpreter` which Python a user expects. `open_checker` puts both
together with an environment that has what the tests need, and gives a `Checker`, which runs tests on the checkout with
files changed. `establish` gives the base row, `violations` the reasons to refuse a patch before it is run.
"""

from agent.repository.checks.base import Base, NoBase, confirmed, establish, regressions, vacuous
from agent.repository.checks.checker import Checker
from agent.repository.checks.environment import NoEnvironment
from agent.repository.checks.finding import find_suite
from agent.repository.checks.interpreter import Interpreter, NoPython, find_interpreter
from agent.repository.checks.opening import open_checker
from agent.repository.checks.placing import place_test
from agent.repository.checks.protected import Policy, Reason, Violation, policy_of, violations
from agent.repository.checks.relevant import import_graph, relevant
from agent.repository.checks.suite import Runner, Suite
from agent.repository.checks.verdicts import Report, TestResult, TestVerdict

__all__ = [
    "Base",
    "Checker",
    "Interpreter",
    "NoBase",
    "NoEnvironment",
    "NoPython",
    "Policy",
    "Reason",
    "Report",
    "Runner",
    "Suite",
    "TestResult",
    "TestVerdict",
    "Violation",
    "confirmed",
    "establish",
    "find_interpreter",
    "find_suite",
    "import_graph",
    "open_checker",
    "place_test",
    "policy_of",
    "regressions",
    "relevant",
    "vacuous",
    "violations",
]
