"""Runs untrusted programs: Docker or bubblewrap behind one protocol, limits, verdicts out of band.

Jobs go in, executions come out as each finishes. What a program printed is data; what became of it is its verdict;
whether the output is right is not decided here but by `cure.table`, and no expected output ever enters a sandbox.
"""

from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.open import KINDS, BackendStatus, Kind, default_slots, open_sandbox, probe
from sandbox.protocol import Execution, Job, Limits, Sandbox, Verdict

__all__ = [
    "KINDS",
    "BackendStatus",
    "Execution",
    "Job",
    "Kind",
    "Limits",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "Verdict",
    "default_slots",
    "open_sandbox",
    "probe",
]
