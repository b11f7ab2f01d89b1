"""The memory that a policy takes on each GPU, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from trainer.config import Config
from trainer.errors import TrainerError
from trainer.plan.memory import Memory, Shape, Training, activations, cache_per_token, engine_weights, memory, shape_of
from trainer.plan.model_config import model_config
from trainer.plan.step_plan import process_count, row_tokens
from trainer.plan.words import count_text, size_text

PROCESSES = (1, 2, 4, 8)
"""Numbers of processes for which the memory table has a column, in addition to the configured number."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The memory that one policy takes on each GPU, or why it is not known."""

    policy: str
    model: str
    source: str
    """Where the model's sizes come from."""
    why_not: str = ""
    """Why the memory is not known; empty where it is."""
    shape: Shape | None = None
    training: Training | None = None
    answer_tokens: int = 0
    """Tokens of the longest prompt and answer together."""
    answers_at_once: int | None = None
    """Answers decoded side by side; None for vLLM, which takes as many as fit, up to `rollout.rows`."""
    on_cpu: bool = False
    """Whether the policy is trained on the CPU, where sizes are per process."""
    elsewhere: bool = False
    """Whether the engines that sample run on other hosts."""

    @property
    def memory(self) -> Memory | None:
        """Memory with the configured back end and processes; None where it is not known."""
        return memory(self.shape, self.training) if self.shape and self.training else None

    def table(self) -> dict[str, dict[int, int]]:
        """Bytes held during an update, by back end and number of processes; empty where they are not known."""
        if self.shape is None or self.training is None:
            return {}
        counts = sorted({*PROCESSES, self.training.processes})
        kinds: list[tuple[str, dict[str, Any]]] = [("torch", {"backend": "torch"})]
        kinds += [(f"ZeRO-{stage}", {"backend": "deepspeed", "zero": stage}) for stage in (1, 2, 3)]
        return {
            name: {
                count: memory(self.shape, replace(self.training, **kind, processes=count)).updating for count in counts
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
        at_once = "as many answers as fit"
        if self.answers_at_once is not None:
            together = size_text(cache * self.answer_tokens * self.answers_at_once)
            at_once = f"{count_text(self.answers_at_once, 'answer')} side by side {together}"
        weights = size_text(engine_weights(self.shape) + (0 if self.elsewhere else held.sampling))
        sampling = f"sampling  on the servers {weights}" if self.elsewhere else f"sampling  {weights}"
        parts = [(name.replace("_", " "), size) for name, size in asdict(held).items() if size]
        table = self.table()
        counts = list(next(iter(table.values())))
        return [
            f"Memory on each {place} of {self.policy} ({self.model}, {self.shape.parameters:,} parameters, "
            f"{self.source}); {backend}, {count_text(training.processes, 'process', 'processes')}{adapters}:",
            f"  an update {size_text(held.updating)}: "
            + ", ".join(f"{name} {size_text(size)}" for name, size in parts),
            f"  {sampling} and keys and values: "
            f"{size_text(cache)} a token, {size_text(cache * self.answer_tokens)} an answer of "
            f"{self.answer_tokens:,} tokens, {at_once}",
            f"  activations of a row of {training.row_tokens:,} tokens: {size_text(both[0])} with gradient "
            f"checkpointing, {size_text(both[1])} without",
            f"  {'an update, by number of processes:':<34}" + "".join(f"{count:>10}" for count in counts),
            *(
                f"  {name:>34}" + "".join(f"{size_text(size):>10}" for size in sizes.values())
                for name, sizes in table.items()
            ),
            "  Not counted: the CUDA context, communication, the allocator's reserve (a few GB).",
        ]


def estimate(config: Config, name: str) -> Estimate:
    """The memory of the policy `name`, or why it cannot be estimated."""
    model, train = config.policies[name].model, config.train
    roles = [role for role in (config.coder, config.tester) if role.policy == name]
    longest = max(row_tokens(role, train.most_tokens) for role in roles)
    try:
        found, source = model_config(model)
        shape = shape_of(found)
    except TrainerError as error:
        return Estimate(policy=name, model=model, source="", why_not=str(error))
    training = Training(
        backend=train.backend,
        zero=train.zero,
        processes=process_count(config) or 1,
        half=train.dtype == "bfloat16",
        reference=config.loss.kl_weight > 0 or config.loss.measure_kl,
        lora_rank=train.lora_rank,
        checkpointing=train.gradient_checkpointing,
        row_tokens=max(train.tokens_per_pack, longest),
    )
    on_cpu = train.device == "cpu"
    local = config.rollout.engine == "local" or (on_cpu and config.rollout.engine == "auto")
    return Estimate(
        policy=name,
        model=model,
        source=source,
        shape=shape,
        training=training,
        answer_tokens=max(role.max_prompt_tokens + role.max_tokens for role in roles),
        answers_at_once=config.rollout.rows if local else None,
        on_cpu=on_cpu,
        elsewhere=config.rollout.engine == "vllm-server",
    )
