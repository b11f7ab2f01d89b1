"""Runs untrusted programs in Docker or bubblewrap, under limits, behind one protocol.

Jobs go in, executions come out as each finishes. A verdict says how a program ended and never depends on what it
printed. Whether an output is right is decided by `cure.table`: no expected output ever enters a sandbox.
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
