"""`--dry-run`: what a run would do and what memory it would take, without doing it. Loads no model and no torch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cure.problem import Problem
from trainer.config import Config, dump, load
from trainer.config.schema import Role
from trainer.errors import TrainerError
from trainer.plan.memory import (
    GB,
    PRESET_MODELS,
    Memory,
    Shape,
    Training,
    activations,
    cache_per_token,
    engine_weights,
    memory,
    shape_of,
)
from trainer.rollout.tasks import MICRO

PROCESSES = (1, 2, 4, 8)
"""Columns of the memory table, beside the configured number."""


@dataclass(frozen=True)
class RolePlan:
    """What one role does in a step, at most."""

    answers: int
    sampled_tokens: int
    trained_tokens: int
    """Of answers, prompts aside; 0 for a frozen model."""
    trained: bool


@dataclass(frozen=True)
class Plan:
    """A step, and the run it belongs to. Numbers are upper bounds: answers end earlier, tests and programs repeat."""

    steps: int
    tasks: int
    roles: dict[str, RolePlan]
    executions: int
    """Distinct pairs of program and input."""
    limit_s: float
    """CPU seconds of an execution."""
    limit_is_known: bool
    """Whether it holds for every problem; if not, problems that name none have it."""
    cpu_s: float
    """All executions at their limit."""
    give_up_cpu_s: float | None
    """Every program out of time as often as it may be; None where it is never given up."""
    stages: tuple[str, ...]
    updates: int
    """Optimiser steps."""
    rows: int
    """Of tokens_per_pack, in all updates and processes."""
    processes: int | None
    """None: one per GPU."""
    evaluations: int
    """In the whole run."""
    evaluation_answers: int
    """In each."""
    checkpoints: int
    """In the whole run."""


def show_plan(target: str, overrides: Sequence[str], as_json: bool) -> None:
    """Print the configuration as TOML, and as comments behind it the plan of a step and the memory it takes."""
    import click

    config = load(target, tuple(overrides))
    planned, estimates = plan(config), [estimate(config, name) for name in config.policies]
    if as_json:
        record = {
            "config": config.model_dump(mode="json"),
            "plan": asdict(planned),
            "memory": [one.to_record() for one in estimates],
        }
        click.echo(json.dumps(record, indent=1))
        return
    lines = [*plan_lines(planned, config), *(line for one in estimates for line in ("", *one.lines()))]
    click.echo(dump(config))
    click.echo("\n".join(f"# {line}".rstrip() for line in lines))


def plan(config: Config) -> Plan:
    """The plan of a step."""
    tasks = config.data.tasks_per_step
    most_trained = config.train.most_tokens
    roles = {
        name: _role(role, tasks, most_trained) for name, role in (("coder", config.coder), ("tester", config.tester))
    }
    inputs = config.data.most_labels + config.tester.samples
    if config.labels.source == "tester":
        count = tasks * config.labels.samples
        roles["labels"] = RolePlan(count, count * config.labels.max_tokens, 0, False)
        inputs = config.labels.samples + config.tester.samples
    limit, known = _limit(config)
    executions = tasks * config.coder.samples * inputs
    given_up = config.execution.give_up_after
    tries = None if given_up is None else min(given_up, inputs)
    trained = [(name, role) for name, role in (("code", config.coder), ("test", config.tester)) if role.policy]
    stages = [name for name, _ in trained]
    if config.optimiser.stages == "joint":
        stages = ["joint" if len(config.policies) == 1 else f"joint {name}" for name in config.policies]
    tokens = sum(_row_tokens(role, most_trained) * tasks * role.samples for _, role in trained)
    wanted = config.evaluation
    evaluated = wanted.problems is not None
    every = config.checkpoints.every
    return Plan(
        steps=config.steps,
        tasks=tasks,
        roles=roles,
        executions=executions,
        limit_s=limit,
        limit_is_known=known,
        cpu_s=executions * limit,
        give_up_cpu_s=None if tries is None else tasks * config.coder.samples * tries * limit,
        stages=tuple(stages),
        updates=len(stages) * config.optimiser.updates,
        rows=math.ceil(tokens / config.train.tokens_per_pack),
        processes=_processes(config),
        evaluations=(config.steps // wanted.every + 1 + bool(config.steps % wanted.every)) if evaluated else 0,
        evaluation_answers=2 * wanted.count * wanted.samples if evaluated else 0,
        checkpoints=config.steps // every + bool(config.steps % every),
    )


def _role(role: Role, tasks: int, most_trained: int | None) -> RolePlan:
    answers = tasks * role.samples
    kept = role.max_tokens if most_trained is None else min(role.max_tokens, most_trained)
    trained = role.policy is not None
    return RolePlan(answers, answers * role.max_tokens, answers * kept if trained else 0, trained)


def _row_tokens(role: Role, most_trained: int | None) -> int:
    """Of the longest prompt with the longest answer, as far as it is trained on."""
    return role.max_prompt_tokens + (role.max_tokens if most_trained is None else min(role.max_tokens, most_trained))


def _limit(config: Config) -> tuple[float, bool]:
    if config.data.time_limit_s is not None:
        return config.data.time_limit_s, True
    if config.data.problems == MICRO:
        from trainer.micro.problems import problem

        return problem(config.seed, "train", 0).time_limit_s, True
    return Problem("").time_limit_s, False


def _processes(config: Config) -> int | None:
    if config.train.processes != "auto":
        return config.train.processes
    return 1 if config.train.device == "cpu" else None


def plan_lines(planned: Plan, config: Config) -> list[str]:
    """The plan in words."""
    count = "one process per GPU" if planned.processes is None else _count(planned.processes, "process", "processes")
    each = "" if not planned.processes or planned.processes < 2 else (
        f", {math.ceil(planned.tasks / planned.processes)} tasks each at most"
    )  # fmt: skip
    lines = [
        f"A run: {_count(planned.steps, 'step')} of {_count(planned.tasks, 'task')}, {count}{each}, "
        f"{_count(planned.checkpoints, 'checkpoint')}.",
    ]
    if planned.evaluations:
        lines.append(f"Evaluated {planned.evaluations} times, {planned.evaluation_answers:,} answers each.")
    lines += ["A step, at most:"]
    for name, role in planned.roles.items():
        trained = f"{role.trained_tokens:,} of them trained on" if role.trained else "none trained on (frozen)"
        lines.append(f"  {name:<8}{role.answers:,} answers, {role.sampled_tokens:,} tokens, {trained}")
    whose = "" if planned.limit_is_known else " (problems may name another)"
    lines.append(
        f"  sandbox {planned.executions:,} executions of {planned.limit_s:g} CPU-seconds{whose}: "
        f"{_duration(planned.cpu_s)} of a core at their limits"
    )
    if planned.give_up_cpu_s is not None:
        lines.append(
            f"          {_duration(planned.give_up_cpu_s)} if every program runs out of time, "
            f"given up after {config.execution.give_up_after}"
        )
    lines.append(
        f"  updates {planned.updates} ({', '.join(planned.stages)}), "
        f"{_count(planned.rows, 'row')} of {config.train.tokens_per_pack:,} tokens"
    )
    missing = [name for name in (config.data.problems, config.evaluation.problems) if name and not _is_there(name)]
    lines += [f"  {name} is not on this machine: a run would end with an error" for name in dict.fromkeys(missing)]
    return lines


def _is_there(problems: str) -> bool:
    return problems == MICRO or Path(problems).is_file()


@dataclass(frozen=True)
class Estimate:
    """The memory that one policy takes on each GPU, or why it is not known."""

    policy: str
    model: str
    source: str
    """Where the model's sizes come from."""
    why_not: str = ""
    shape: Shape | None = None
    training: Training | None = None
    answer_tokens: int = 0
    """Of the longest prompt and answer together."""
    answers_at_once: int | None = None
    """Decoded side by side; None for vLLM, which takes as many as have room."""
    on_cpu: bool = False
    elsewhere: bool = False
    """Whether other hosts sample."""

    @property
    def memory(self) -> Memory | None:
        """As configured."""
        return memory(self.shape, self.training) if self.shape and self.training else None

    def table(self) -> dict[str, dict[int, int]]:
        """Bytes held during an update, by back end and number of processes."""
        if self.shape is None or self.training is None:
            return {}
        counts = sorted({*PROCESSES, self.training.processes})
        kinds: list[tuple[str, dict[str, Any]]] = [("torch", {"backend": "torch"})]
        kinds += [(f"ZeRO-{stage}", {"backend": "deepspeed", "zero": stage}) for stage in (1, 2, 3)]
        settings = asdict(self.training)
        return {
            name: {
                count: memory(self.shape, Training(**{**settings, **kind, "processes": count})).updating
                for count in counts
            }
            for name, kind in kinds
        }

    def to_record(self) -> dict[str, Any]:
        """The estimate as JSON."""
        head: dict[str, Any] = {"policy": self.policy, "model": self.model, "source": self.source}
        if self.shape is None or self.training is None or self.memory is None:
            return {**head, "why_not": self.why_not}
        row = self.training.row_tokens
        return {
            **head,
            "parameters": self.shape.parameters,
            "training": asdict(self.training),
            "bytes": self.memory.to_record(),
            "activations": {
                name: activations(self.shape, row, self.training.half, on)
                for name, on in (("with_checkpointing", True), ("without_checkpointing", False))
            },
            "engine": {
                "weights": engine_weights(self.shape),
                "cache_per_token": cache_per_token(self.shape),
                "cache_per_answer": cache_per_token(self.shape) * self.answer_tokens,
                "answers_at_once": self.answers_at_once,
            },
            "updating_by_processes": self.table(),
        }

    def lines(self) -> list[str]:
        """The estimate in words."""
        if self.shape is None or self.training is None or (held := self.memory) is None:
            return [f"Memory of {self.policy} ({self.model}): {self.why_not}."]
        training = self.training
        place = "process" if self.on_cpu else "GPU"
        backend = training.backend if training.backend == "torch" else f"deepspeed, ZeRO-{training.zero}"
        adapters = "" if training.lora_rank is None else f", adapters of rank {training.lora_rank}"
        both = [activations(self.shape, training.row_tokens, training.half, on) for on in (True, False)]
        cache = cache_per_token(self.shape)
        at_once = "as many answers as have room"
        if self.answers_at_once is not None:
            whole = _size(cache * self.answer_tokens * self.answers_at_once)
            at_once = f"{_count(self.answers_at_once, 'answer')} side by side {whole}"
        weights = _size(engine_weights(self.shape) + (0 if self.elsewhere else held.sampling))
        sampling = f"sampling  on the servers {weights}" if self.elsewhere else f"sampling  {weights}"
        parts = [(name.replace("_", " "), size) for name, size in asdict(held).items() if size]
        table = self.table()
        counts = list(next(iter(table.values())))
        return [
            f"Memory on each {place} of {self.policy} ({self.model}, {self.shape.parameters:,} parameters, "
            f"{self.source}); {backend}, {_count(training.processes, 'process', 'processes')}{adapters}:",
            f"  an update {_size(held.updating)}: " + ", ".join(f"{name} {_size(size)}" for name, size in parts),
            f"  {sampling} and keys and values: "
            f"{_size(cache)} a token, {_size(cache * self.answer_tokens)} an answer of "
            f"{self.answer_tokens:,} tokens, {at_once}",
            f"  activations of a row of {training.row_tokens:,} tokens: {_size(both[0])} with gradient checkpointing, "
            f"{_size(both[1])} without",
            f"  {'an update on so many processes:':<32}" + "".join(f"{count:>10}" for count in counts),
            *(
                f"  {name:>32}" + "".join(f"{_size(size):>10}" for size in sizes.values())
                for name, sizes in table.items()
            ),
            "  Not counted: the CUDA context, communication, the allocator's reserve (a few GB).",
        ]


def estimate(config: Config, name: str) -> Estimate:
    """The memory of the policy `name`."""
    model, train = config.policies[name].model, config.train
    roles = [role for role in (config.coder, config.tester) if role.policy == name]
    longest = max(_row_tokens(role, train.most_tokens) for role in roles)
    try:
        found, source = model_config(model)
        shape = shape_of(found)
    except TrainerError as error:
        return Estimate(name, model, "", str(error))
    training = Training(
        backend=train.backend,
        zero=train.zero,
        processes=_processes(config) or 1,
        half=train.dtype == "bfloat16",
        reference=config.loss.kl_weight > 0 or config.loss.measure_kl,
        lora_rank=train.lora_rank,
        checkpointing=train.gradient_checkpointing,
        row_tokens=max(train.tokens_per_pack, longest),
    )
    on_cpu = train.device == "cpu"
    local = config.rollout.engine == "local" or (on_cpu and config.rollout.engine == "auto")
    return Estimate(
        name,
        model,
        source,
        shape=shape,
        training=training,
        answer_tokens=max(role.max_prompt_tokens + role.max_tokens for role in roles),
        answers_at_once=config.rollout.rows if local else None,
        on_cpu=on_cpu,
        elsewhere=config.rollout.engine == "vllm-server",
    )


def model_config(model: str) -> tuple[dict[str, Any], str]:
    """The model's config.json and where it is from. Raises TrainerError where it is not on this machine."""
    from engines import BUNDLED

    name = model.removeprefix("hf:")
    if name in BUNDLED:
        return _read(BUNDLED[name] / "config.json"), "bundled"
    directory = Path(name).expanduser()
    if directory.is_dir():
        return _read(directory / "config.json"), "from its config.json"
    if (cached := _cached(name)) is not None:
        return _read(cached), "from the hub's cache"
    if name in PRESET_MODELS:
        return PRESET_MODELS[name], "sizes as published"
    raise TrainerError(
        "an estimate needs the model's config.json, which is not on this machine; "
        f"get it with: hf download {name} config.json"
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainerError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    if not isinstance(content, dict):
        raise TrainerError(f"{file}: not an object")
    return content


def _cached(name: str) -> Path | None:
    """The newest config.json of a hub model in the cache, which the hub's package need not be there to read."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    found = cache.glob(f"models--{name.replace('/', '--')}/snapshots/*/config.json")
    return max(found, key=lambda file: file.stat().st_mtime, default=None)


def _size(size: int) -> str:
    """Three digits of GB, MB or kB."""
    for unit, factor in (("GB", GB), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}" if size < 1000 * factor else f"{size / factor:,.0f} {unit}"
    return f"{size / 1000:.3g} kB"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
