"""The metrics of a step, computed from answers, tables, groups and updates. Pure; a metric without data is None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from cure.metrics.best_of_n import best_of_n
from cure.metrics.code_accuracy import pass_at_k
from cure.reward import PrecisionCounts, precision_counts, right_codes
from trainer.policy.policy import Update
from trainer.rollout.answers import Answer, RoleName, TaskAnswers, TaskTable
from trainer.update.credit import Group

Metrics = dict[str, float | int | str | None]

_PREFIX: dict[RoleName, str] = {"coder": "code", "tester": "test", "labels": "label"}
"""First part of a metric's name, by role."""


def answer_metrics(answers: Sequence[TaskAnswers]) -> Metrics:
    """Number of answers, tokens, mean length in tokens, share truncated and number of failures, for each role."""
    metrics: Metrics = {}
    for role in dict.fromkeys(role for task in answers for role in task.answers):
        given: list[Answer] = [answer for task in answers for answer in task.answers[role]]
        name = _PREFIX[role]
        metrics[f"{name}/answers"] = len(given)
        metrics[f"{name}/tokens"] = sum(len(answer.token_ids) for answer in given)
        metrics[f"{name}/length"] = _mean([len(answer.token_ids) for answer in given])
        metrics[f"{name}/truncated"] = _mean([answer.truncated for answer in given])
        metrics[f"{name}/engine_errors"] = sum(bool(answer.error) for answer in given)
    return metrics


def table_metrics(tables: Sequence[TaskTable]) -> Metrics:
    """Accuracies of both roles, p_u, p_01, p_00, mu (PrecisionCounts), best of n; counts of executions and failures."""
    labelled = [table for table in tables if table.labels]
    rights = [right_codes(table.label_passes) for table in labelled]
    counts = PrecisionCounts()
    best, every_right, any_right = [], [], []
    for table, right in zip(labelled, rights, strict=True):
        counts = counts + precision_counts(table.test_passes, right)
        chosen = best_of_n(right, table.test_passes)
        best += [] if chosen is None else [chosen]
        every_right += right.tolist()
        any_right.append(pass_at_k(len(right), int(right.sum()), len(right)) if len(right) else 0.0)
    referred = [(table.tests, table.reference) for table in tables if table.reference is not None]
    written = sum(len(table.tests) for table in tables)
    return {
        "code/accuracy": _mean(every_right),
        "code/tests_passed": _mean([float(table.label_passes.mean()) for table in labelled if table.label_passes.size]),
        "code/unparsed": _mean([program is None for table in tables for program in table.programs]),
        "code/any_right": _mean(any_right),
        # An answer without a test counts as a wrong test here: the tester was asked for one.
        "test/accuracy": (
            sum(sum(passes) for _, passes in referred) / sum(len(tests) for tests, _ in referred) if referred else None
        ),
        "test/unparsed": (written - sum(len(table.read) for table in tables)) / written if written else None,
        "test/p_u": counts.p_u,
        "test/p_01": counts.p_01,
        "test/p_00": counts.p_00,
        "test/mu": counts.mu,
        "best_of_n": _mean(best),
        "execution/runs": sum(table.executions for table in tables),
        "execution/timeouts": sum(table.timeouts for table in tables),
        "execution/sandbox_errors": sum(sum(table.unknown) for table in tables),
    }


def group_metrics(groups: Sequence[Group]) -> Metrics:
    """Mean reward, number of groups, share trained on, and number left out for each reason, for each role."""
    metrics: Metrics = {}
    for role in ("coder", "tester"):
        of_role = [group for group in groups if group.role == role]
        name = _PREFIX[role]
        metrics[f"{name}/reward"] = _mean(
            [reward for group in of_role for reward in group.rewards if reward is not None]
        )
        metrics[f"{name}/groups"] = len(of_role)
        metrics[f"{name}/groups_trained"] = _mean([group.outcome == "trained" for group in of_role])
        for outcome, count in sorted(Counter(group.outcome for group in of_role).items()):
            if outcome != "trained":
                metrics[f"{name}/groups: {outcome}"] = count
    return metrics


def update_metrics(stage: str, updates: Sequence[Update], rate: float) -> Metrics:
    """Metrics of a stage: updates made, tokens (summed), learning rate; every other value is a mean over the updates.

    Where updates were skipped: how many, and why the first was.
    """
    if not updates:
        return {f"{stage}/updates": 0}
    weights = [update.sums.get("weight", 0.0) or 1.0 for update in updates]
    metrics: Metrics = {
        f"{stage}/updates": sum(not update.skipped for update in updates),
        f"{stage}/loss": _mean([update.loss for update in updates]),
        f"{stage}/gradient_norm": _mean([update.gradient_norm for update in updates]),
        f"{stage}/entropy": _mean([u.entropy / w for u, w in zip(updates, weights, strict=True)]),
        f"{stage}/trained_tokens": sum(update.tokens for update in updates),
        f"{stage}/row_tokens": sum(update.row_tokens for update in updates),
        f"{stage}/learning_rate": rate,
    }
    for name in sorted({name for update in updates for name in update.sums} - {"weight"}):
        parts = [u.sums[name] / w for u, w in zip(updates, weights, strict=True) if name in u.sums]
        metrics[f"{stage}/{name}"] = _mean(parts)
    skipped = [update.skipped for update in updates if update.skipped]
    if skipped:
        metrics[f"{stage}/skipped"] = len(skipped)
        metrics[f"{stage}/skipped_because"] = skipped[0]
    return metrics


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
