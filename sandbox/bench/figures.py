"""The figures of one measurement of the sandbox's speed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Medians over rounds, and the conditions they were measured under."""

    isolation: str
    cores: int
    rounds: int
    first_s: float
    """Seconds from opening the sandbox to its first execution."""
    per_second: dict[str, float]
    """Executions per second, by the name of the mode of the sandbox or of the baseline without a sandbox.

    The baseline `fork_floor` counts bare forks in place of executions.
    """
    mixed_s: float
    """Seconds of the mixture: a workload in which some executions crash and some loop endlessly."""
    endless_alone_s: float
    """Seconds of the mixture's endless executions alone, in the same sandbox."""

    @property
    def mixed_overhead(self) -> float:
        """Extra time of the mixture over its endless loops alone, as a share of the latter."""
        return self.mixed_s / self.endless_alone_s - 1

    def plain(self) -> dict[str, object]:
        """The figures as a JSON object."""
        rates: dict[str, object] = {name: {"per_second": round(rate, 1)} for name, rate in self.per_second.items()}
        rates["mixed"] = {
            "per_second": round(self.per_second["mixed"], 1),
            "seconds": round(self.mixed_s, 3),
            "endless_alone_seconds": round(self.endless_alone_s, 3),
            "overhead": round(self.mixed_overhead, 3),
        }
        about = {"isolation": self.isolation, "cores": self.cores, "rounds": self.rounds}
        return {**rates, **about, "first_execution_seconds": round(self.first_s, 3)}
