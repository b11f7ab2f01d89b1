"""The numbers of a step. Pure: from answers, tables and groups to names and values; what has no data is None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from cure.metrics.standard import best_of_n, pass_at_k
from cure.reward import PrecisionCounts, precision_counts, right_codes
from trainer.policy.protocol import Update
from trainer.rollout.answers import Answer, Answers, RoleName, Table
from trainer.update.credit import Group

Metrics = dict[str, float | int | str | None]

_PREFIX: dict[RoleName, str] = {"coder": "code", "tester": "test", "labels": "label"}


def of_answers(answers: Sequence[Answers]) -> Metrics:
    """Per role: tokens, mean length, truncated and failed shares, and the weights that wrote them."""
    metrics: Metrics = {}
    for role in dict.fromkeys(role for one in answers for role in one.answers):
        every: list[Answer] = [answer for one in answers for answer in one.answers[role]]
        name = _PREFIX[role]
        metrics[f"{name}/answers"] = len(every)
        metrics[f"{name}/tokens"] = sum(len(answer.token_ids) for answer in every)
        metrics[f"{name}/length"] = _mean([len(answer.token_ids) for answer in every])
        metrics[f"{name}/truncated"] = _mean([answer.truncated for answer in every])
        metrics[f"{name}/engine_errors"] = sum(bool(answer.error) for answer in every)
    return metrics


def of_tables(tables: Sequence[Table]) -> Metrics:
    """Accuracies of both roles, p_u, p_01, p_00 and mu, best of n, and what the sandbox had to do."""
    labelled = [table for table in tables if table.labels]
    rights = [right_codes(table.label_passes) for table in labelled]
    counts = PrecisionCounts.zero()
    best, whole, any_right = [], [], []
    for table, right in zip(labelled, rights, strict=True):
        counts = counts + precision_counts(table.test_passes, right)
        chosen = best_of_n(right, table.test_passes)
        best += [] if chosen is None else [chosen]
        whole += right.tolist()
        any_right.append(pass_at_k(len(right), int(right.sum()), len(right)) if len(right) else 0.0)
    known = [passes for table in tables if table.reference is not None for passes in table.reference]
    referred = [table for table in tables if table.reference is not None]
    written = sum(len(table.tests) for table in tables)
    return {
        "code/accuracy": _mean(whole),
        "code/tests_passed": _mean([float(table.label_passes.mean()) for table in labelled if table.label_passes.size]),
        "code/unparsed": _mean([program is None for table in tables for program in table.programs]),
        "code/any_right": _mean(any_right),
        # Unparsed tests are wrong tests here: the tester was asked for one and gave none.
        "test/accuracy": sum(known) / sum(len(table.tests) for table in referred) if referred else None,
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


def of_groups(groups: Sequence[Group]) -> Metrics:
    """Per role: mean reward, share of groups trained on, and why the others are not."""
    metrics: Metrics = {}
    for role in ("coder", "tester"):
        mine = [group for group in groups if group.role == role]
        name = _PREFIX[role]
        metrics[f"{name}/reward"] = _mean([reward for group in mine for reward in group.rewards if reward is not None])
        metrics[f"{name}/groups"] = len(mine)
        metrics[f"{name}/groups_trained"] = _mean([group.outcome == "trained" for group in mine])
        for outcome, count in sorted(Counter(group.outcome for group in mine).items()):
            if outcome != "trained":
                metrics[f"{name}/groups: {outcome}"] = count
    return metrics


def of_updates(stage: str, updates: Sequence[Update], rate: float) -> Metrics:
    """What a stage's updates measured, averaged; how many were skipped, and why."""
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
