"""Refuses patches that would win by changing what judges them: tests, their settings, the interpreter's start-up.

A patch is looked at before it is run, by reading alone. It is refused for one of the reasons of `Reason`.
"""

from agent.repository.checks.protected.policy import Policy, Reason, Violation, policy_of
from agent.repository.checks.protected.violations import violations

__all__ = ["Policy", "Reason", "Violation", "policy_of", "violations"]
