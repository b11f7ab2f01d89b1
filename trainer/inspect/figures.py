"""The figures of a run: first, last and best values of measures, time by phase, what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from trainer.config import Config
from trainer.inspect.recorded import Line, RecordedRun
from trainer.record.run_directory import flat_values

HELD_OUT = {
    "code accuracy": "eval/code/accuracy",
    "test accuracy": "eval/test/accuracy",
    "best of n": "eval/best_of_n",
    "any program right": "eval/code/any_right",
    "p_01": "eval/test/p_01",
    "p_00": "eval/test/p_00",
    "mu": "eval/test/mu",
    "code unparsed": "eval/code/unparsed",
    "tests unparsed": "eval/test/unparsed",
}
"""Measures on problems that are not trained on: the name in JSON, and the metric's name in metrics.jsonl."""
OWN = {
    "code accuracy": "code/accuracy",
    "tests passed by right code": "test/p_u",
    "best of n": "best_of_n",
    "p_01": "test/p_01",
    "p_00": "test/p_00",
    "mu": "test/mu",
    "code reward": "code/reward",
    "test reward": "test/reward",
    "code length": "code/length",
    "test length": "test/length",
}
"""Measures on a step's own samples, before its updates: the name in JSON, and the metric's name in metrics.jsonl."""
LABELS = {"code unparsed": "programs not extracted", "tests unparsed": "tests not extracted"}
"""The words for measures on the terminal, where they are not the name in JSON."""
LOWER_IS_BETTER = ("p_01", "p_00", "code unparsed", "tests unparsed")
"""Measures that are better when lower. p_01, p_00: shares of wrong programs that pass a right, a wrong test (CURE,
section 3.2)."""
NEUTRAL = ("test reward", "code length", "test length")
"""Measures without a better direction. The scale of the test reward (Eq. 4) depends on the number of wrong programs."""


@dataclass(frozen=True)
class Change:
    """First, last and best value of a measure."""

    name: str
    first: float | None
    last: float | None
    best: float | None = None
    """The best value; None for a measure on the steps' own samples."""
    best_step: int | None = None
    """The step after which the best value was measured; None where there is no best value."""


@dataclass(frozen=True)
class Phase:
    """Time spent on one phase of the steps."""

    name: str
    seconds: float
    """Seconds in the whole run."""
    share: float
    """Share of the seconds of all phases."""


@dataclass(frozen=True)
class Groups:
    """How many groups of one role were trained on, and why the others were not.

    A group is the answers of a role to one task.
    """

    role: str
    count: int
    trained: float
    """Share of the groups that were trained on."""
    others: dict[str, int]
    """Number of groups left out, by reason."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of a whole run."""

    run: str
    """Path of the run's directory."""
    steps: int
    """The last committed step; 0 before the first."""
    of_steps: int
    """Steps of the whole run, as configured."""
    last_checkpoint: int | None
    """Step of the last checkpoint; None before the first."""
    settings: dict[str, str]
    held_out: tuple[Change, ...]
    held_out_steps: tuple[int, ...]
    own: tuple[Change, ...]
    own_window: int
    """Number of steps over which first and last values of `own` are means."""
    phases: tuple[Phase, ...]
    seconds: float
    """Seconds of all committed steps and evaluations."""
    groups: tuple[Groups, ...]
    left_out: dict[str, int]
    """Counts of tasks, answers, programs, executions and updates that were left out or failed, by reason."""

    def to_record(self) -> dict[str, Any]:
        """The figures as a JSON object."""
        return asdict(self)


def figures(run: RecordedRun) -> Figures:
    """The figures of a run."""
    phases = _phases(run)
    window = max(1, min(10, len(run.steps) // 5))
    return Figures(
        run=str(run.path),
        steps=run.done,
        of_steps=run.config.steps,
        last_checkpoint=run.checkpoints[-1] if run.checkpoints else None,
        settings=settings(run.config),
        held_out=held_out(run),
        held_out_steps=tuple(int(line["step"]) for line in run.evaluations),
        own=own(run, window),
        own_window=window,
        phases=phases,
        seconds=sum(phase.seconds for phase in phases),
        groups=tuple(_groups(run.steps, role, name) for role, name in (("coder", "code"), ("tester", "test"))),
        left_out=_left_out(run.steps),
    )


def held_out(run: RecordedRun) -> tuple[Change, ...]:
    """The measures of the evaluations: first, last, best. Measures without a value are left out."""
    changes = []
    for name, key in HELD_OUT.items():
        known = [(value, int(line["step"])) for line in run.evaluations if (value := _number(line, key)) is not None]
        if not known:
            continue
        best = min if name in LOWER_IS_BETTER else max
        value, step = best(known, key=lambda pair: pair[0])
        changes.append(Change(name, known[0][0], known[-1][0], value, step))
    return tuple(changes)


def own(run: RecordedRun, window: int) -> tuple[Change, ...]:
    """The measures on the steps' own samples, as means over the first and the last `window` steps."""
    changes = []
    for name, key in OWN.items():
        first, last = (_mean(lines, key) for lines in (run.steps[:window], run.steps[-window:]))
        if first is not None or last is not None:
            changes.append(Change(name, first, last))
    return tuple(changes)


def _phases(run: RecordedRun) -> tuple[Phase, ...]:
    seconds: Counter[str] = Counter()
    for line in (*run.steps, *run.evaluations):
        for key in line:
            if key.startswith("seconds/") and key != "seconds/step":
                seconds[key.removeprefix("seconds/")] += max(0.0, _number(line, key) or 0.0)  # type: ignore[assignment]  # Counter counts floats too
    total = sum(seconds.values())
    return tuple(Phase(name, used, used / total) for name, used in seconds.most_common() if used > 0)


def _groups(lines: Sequence[Line], role: str, name: str) -> Groups:
    count = sum(int(line.get(f"{name}/groups") or 0) for line in lines)
    others: Counter[str] = Counter()
    for line in lines:
        for key, value in line.items():
            if key.startswith(f"{name}/groups: ") and isinstance(value, int):
                others[key.partition(": ")[2]] += value
    trained = (count - others.total()) / count if count else 0.0
    return Groups(role, count, trained, dict(others.most_common()))


def _left_out(lines: Sequence[Line]) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for line in lines:
        reasons["tasks whose prompt was too long"] += int(line.get("tasks_too_long") or 0)
        reasons["answers the engine failed on"] += sum(
            int(value) for key, value in line.items() if key.endswith("/engine_errors") and isinstance(value, int)
        )
        reasons["programs the sandbox failed on"] += int(line.get("execution/sandbox_errors") or 0)
        reasons["executions out of time"] += int(line.get("execution/timeouts") or 0)
        for key, value in line.items():
            stage, _, what = key.partition("/")
            if what == "updates" and value == 0 and f"{stage}/skipped" not in line:
                reasons[f"{stage} stages with nothing to train on"] += 1
            elif what == "skipped" and isinstance(value, int):
                reasons[f"{stage} updates skipped: {line.get(f'{stage}/skipped_because', 'no reason given')}"] += value
    return {reason: count for reason, count in reasons.items() if count}


def settings(config: Config) -> dict[str, str]:
    """The settings that matter most: a line in words for each subject, such as `reward` or `loss`."""
    policies = {name: policy.model for name, policy in config.policies.items()}
    roles = []
    for name, role in (("coder", config.coder), ("tester", config.tester)):
        who = policies[role.policy] if role.policy else f"{role.model} (frozen)"
        shared = f" [{role.policy}]" if role.policy and len(policies) > 1 else ""
        roles.append(f"{name} {who}{shared} x {role.samples}, {role.style}, temperature {role.temperature:g}")
    reward, loss, optimiser, train = config.reward, config.loss, config.optimiser, config.train
    labels = "" if config.labels.source == "data" else f", labels by {config.labels.model}"
    kl = f", KL {loss.kl} x {loss.kl_weight:g}" if loss.kl_weight else ", no KL" + (" (measured)" * loss.measure_kl)
    return {
        "tasks": f"{config.data.problems}, {config.data.tasks_per_step} a step, {config.data.order}, "
        f"seed {config.seed}{labels}",
        "answers": "; ".join(roles),
        "reward": f"code {reward.code}, test {reward.test}, advantage {reward.advantage}, "
        f"truncated {reward.truncated}{', shorten' if reward.shorten else ''}",
        "loss": f"{loss.kind}, mean by {loss.aggregate}{kl}, correction {loss.correction}",
        "optimiser": f"learning rate {optimiser.learning_rate:g} {optimiser.decay}, {optimiser.stages} stages, "
        f"{optimiser.updates} update{'s' if optimiser.updates > 1 else ''} each",
        "arithmetic": f"{train.backend}, {train.dtype}, "
        + (f"{train.processes} processes" if train.processes != 1 else "1 process")
        + f", rollouts by {config.rollout.engine}",
    }


def differences(configs: Sequence[Config]) -> list[str]:
    """Keys in which the configurations differ.

    Not compared are the seed, the number of steps, and the sections `checkpoints`, `trackers` and `execution`.
    """
    aside = {"seed", "steps", "checkpoints", "trackers", "execution"}
    first, *others = [flat_values(config, aside) for config in configs]
    return [key for key in first if any(other.get(key) != first[key] for other in others)] + sorted(
        {key for other in others for key in other} - first.keys()
    )


def _number(line: Line, key: str) -> float | None:
    value = line.get(key)
    return float(value) if isinstance(value, (int, float)) else None


def _mean(lines: Sequence[Line], key: str) -> float | None:
    known = [value for line in lines if (value := _number(line, key)) is not None]
    return fmean(known) if known else None
