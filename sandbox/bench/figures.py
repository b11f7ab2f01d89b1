"""What was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Medians, and what they were taken from."""

    isolation: str
    cores: int
    rounds: int
    first_s: float
    """Seconds from opening the sandbox to its first execution."""
    per_second: dict[str, float]
    mixed_s: float
    endless_alone_s: float
    """Seconds of the mixture's endless executions alone, in the same sandbox."""

    @property
    def mixed_overhead(self) -> float:
        """What the mixture costs beyond its endless loops, as a share of them."""
        return self.mixed_s / self.endless_alone_s - 1

    def plain(self) -> dict[str, object]:
        """The figures for machines."""
        rates: dict[str, object] = {name: {"per_second": round(rate, 1)} for name, rate in self.per_second.items()}
        rates["mixed"] = {
            "per_second": round(self.per_second["mixed"], 1),
            "seconds": round(self.mixed_s, 3),
            "endless_alone_seconds": round(self.endless_alone_s, 3),
            "overhead": round(self.mixed_overhead, 3),
        }
        about = {"isolation": self.isolation, "cores": self.cores, "rounds": self.rounds}
        return {**rates, **about, "first_execution_seconds": round(self.first_s, 3)}
