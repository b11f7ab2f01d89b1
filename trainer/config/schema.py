"""The sections of a run's configuration. A field's docstring is its documentation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cure.prompts import StyleName
from sandbox import Kind
from settings.section import Section


class Data(Section):
    """Where the tasks come from."""

    problems: str
    """A file of problems (CURE's JSON, JSONL, Parquet), or `micro`: the endless family of the micro lab."""
    tasks_per_step: int = Field(ge=1)
    """Tasks each step samples answers for."""
    order: Literal["epochs", "fresh"] = "epochs"
    """`epochs`: every task once per epoch, in an order drawn from the seed. `fresh`: drawn anew each step, as released.
    """
    most_labels: int = Field(default=8, ge=1)
    """Ground-truth tests used per task, the first of them."""
    time_limit_s: float | None = Field(default=None, gt=0)
    """CPU seconds per execution; without it each problem's own limit."""


class PolicyConfig(Section):
    """Weights that are trained."""

    model: str
    """A checkpoint: `micro`, a directory, or an id of the hub."""


class Role(Section):
    """One of the two answers sampled for a task."""

    policy: str | None = None
    """Name of the policy that answers and is trained on its answers."""
    model: str | None = None
    """Model spec of a frozen model that answers instead; nothing is trained on what it writes."""
    samples: int = Field(default=16, ge=1)
    """Answers per task."""
    style: StyleName = "chat"
    """Prompt style; `release` is the raw prompt the published models were trained on."""
    public_examples: int | None = Field(default=None, ge=0)
    """Public examples shown to the tester by the style `release`; none of them without it."""
    temperature: float = Field(default=1.0, gt=0)
    """Temperature of sampling."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Share of the likeliest tokens, by probability, that are sampled from."""
    top_k: int | None = Field(default=None, ge=1)
    """Number of the likeliest tokens that are sampled from; without it all."""
    max_tokens: int = Field(default=10_000, ge=1)
    """Most tokens of an answer."""
    max_prompt_tokens: int = Field(default=2_000, ge=1)
    """A task with a longer prompt is left out and counted; no prompt is ever cut."""

    @model_validator(mode="after")
    def _one_source(self) -> Role:
        if (self.policy is None) == (self.model is None):
            raise ValueError("a role names either a policy, which is trained, or a model, which is frozen")
        return self


class Labels(Section):
    """Which tests decide whether a program is right."""

    source: Literal["data", "tester"] = "data"
    """`data`: the problem's hidden tests. `tester`: tests written by a frozen model (label-free training)."""
    model: str | None = None
    """Model spec of the frozen tester."""
    samples: int = Field(default=16, ge=1)
    """Tests that the frozen tester writes per task."""
    style: StyleName = "chat"
    """Prompt style of the frozen tester."""
    temperature: float = Field(default=1.0, gt=0)
    """Temperature of sampling."""
    max_tokens: int = Field(default=10_000, ge=1)
    """Tokens of an answer at most."""
    agreement: float = Field(default=0.0, ge=0, le=1)
    """Share of the programs that get the commonest answer on a test that must pass it for the test to count.

    0 believes every test. Tests that all programs pass or all fail are left out where others remain.
    """

    @model_validator(mode="after")
    def _has_model(self) -> Labels:
        if (self.source == "tester") != (self.model is not None):
            raise ValueError("labels by a tester need its model, labels from the data have none")
        return self


class Reward(Section):
    """From verdicts to advantages."""

    code: Literal["fraction", "all", "count"] = "fraction"
    """Ground-truth tests passed, as a share; all or nothing; or Eq. 3's number."""
    test: Literal["cure", "validity"] = "cure"
    """The intended Eq. 4, or the naive reward: 1 if every right program passes, else 0."""
    test_scale: Literal["count", "mean"] = "count"
    """Eq. 4 as printed, or divided by the number of wrong programs, as released."""
    all_right: Literal["validity", "skip"] = "validity"
    """Tests of a task without a wrong program: rewarded for being valid, or left out."""
    validity_bonus: float = 0.0
    """Added for a valid test, so that one that kills nothing beats an invalid one that lets nothing through."""
    unparsed: Literal["lowest", "drop"] = "lowest"
    """An answer with no test in it: the lowest reward of its group, or left out of it."""
    shorten: bool = False
    """The length transformation for long-CoT testers (section 3.4), on tests only."""
    advantage: Literal["standard", "centre", "loo"] = "standard"
    """Within the group of one task and role: (r - mean) / std, r - mean, or r - mean of the others."""
    truncated: Literal["train", "mask", "penalise"] = "train"
    """Answers cut at max_tokens: trained as they are, left out of the loss, or given the lowest reward of the group."""


class Loss(Section):
    """From advantages to a gradient."""

    kind: Literal["ppo", "reinforce", "gspo", "cispo"] = "ppo"
    """Eq. 5 per token; A log p; Eq. 5 with one ratio per answer; or clipped weights with the gradient kept."""
    clip_low: float = Field(default=0.2, gt=0)
    """Ratios of probabilities are clipped at 1 - clip_low."""
    clip_high: float = Field(default=0.2, gt=0)
    """Ratios of probabilities are clipped at 1 + clip_high."""
    aggregate: Literal["token", "sequence", "constant"] = "sequence"
    """Mean over all tokens; over answers of the mean over their tokens; or sum over tokens by a constant (Dr.GRPO)."""
    kl: Literal["k1", "k2", "k3"] = "k3"
    """Estimator of the KL divergence per token."""
    kl_weight: float = Field(default=0.0, ge=0)
    """Weight of the KL divergence to the base policy; with 0 no reference model is kept, unless it is measured."""
    measure_kl: bool = False
    """Keep the reference model and measure the divergence even with weight 0."""
    correction: Literal["truncate", "mask", "none"] = "truncate"
    """Importance weights between trainer and sampler: capped, tokens beyond the cap left out, or not used."""
    correction_cap: float = Field(default=2.0, ge=1)
    """Highest importance weight."""


class Optimiser(Section):
    """AdamW on fp32 master weights that live as long as the run."""

    learning_rate: float = Field(default=1e-6, gt=0)
    """Learning rate after the warm-up."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay of the two moments."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled weight decay."""
    clip_norm: float = Field(default=1.0, gt=0)
    """Longest gradient: a longer one is scaled down to this norm."""
    warm_up_steps: int = Field(default=0, ge=0)
    """Updates over which the learning rate rises from nothing."""
    decay: Literal["constant", "linear", "cosine"] = "constant"
    """How the learning rate goes on after the warm-up, to a tenth at the last step."""
    stages: Literal["separate", "joint"] = "separate"
    """An update on the code and then one on the tests, as in the paper, or one on both."""
    updates: int = Field(default=1, ge=1)
    """Optimiser updates per stage; the answers are shared out among them."""


class Train(Section):
    """Where and how gradients are computed."""

    backend: Literal["torch", "deepspeed"] = "torch"
    """Holder of weights and optimiser; `deepspeed` spreads them over processes."""
    zero: Literal[0, 1, 2, 3] = 1
    """DeepSpeed's ZeRO stage."""
    processes: int | Literal["auto"] = "auto"
    """Processes on this host, unless a launcher has started them: one per GPU, or one."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the policy lives; `auto` is a GPU where there is one."""
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """Type of forward and backward passes; masters and moments are float32."""
    attention: Literal["auto", "sdpa", "padded", "varlen", "flash_attention_2", "flash_attention_3"] = "auto"
    """Kernel of attention over packed answers; `auto` is the fastest that works here."""
    tokens_per_pack: int = Field(default=16_384, ge=64)
    """Most tokens of one row of packed answers, unless a single answer is longer."""
    most_tokens: int | None = Field(default=8_000, ge=1)
    """Tokens of an answer that are trained on, the first of them; after rewards are given."""
    gradient_checkpointing: bool = True
    """Compute activations again in the backward pass, which takes less memory and more time."""
    lora_rank: int | None = Field(default=None, ge=1)
    """Train low-rank adapters of the linear layers instead of all weights."""


class RolloutConfig(Section):
    """The engine that samples for policies in training."""

    engine: Literal["auto", "local", "vllm", "vllm-server"] = "auto"
    """`local`: the project's own decoder over transformers; `vllm`: in this process; `vllm-server`: on other hosts.
    `auto`: vllm on a GPU if there."""
    rows: int = Field(default=256, ge=1)
    """Answers decoded side by side; asked of each server at once, by each process."""
    memory: float = Field(default=0.5, gt=0, lt=1)
    """vLLM: share of a GPU's memory, weights included; the policy and its optimiser live on the same GPU."""
    url: str | tuple[str, ...] | None = None
    """vLLM servers: `http://host:8000`, or a list of them, over which the tasks are spread."""
    weights_dir: str | None = None
    """vLLM servers: a directory, under the same path here and on all of them, where new weights are put. Each run
    needs its own."""

    @model_validator(mode="after")
    def _servers(self) -> RolloutConfig:
        wanted = self.engine == "vllm-server"
        if wanted and not (self.url and self.weights_dir):
            raise ValueError("rollout.engine = vllm-server needs rollout.url and rollout.weights_dir")
        if not wanted and (self.url is not None or self.weights_dir is not None):
            raise ValueError("rollout.url and rollout.weights_dir are for rollout.engine = vllm-server")
        return self

    @property
    def urls(self) -> tuple[str, ...]:
        """The vLLM servers."""
        return (self.url,) if isinstance(self.url, str) else self.url or ()


class ExecutionConfig(Section):
    """The sandbox that programs run in."""

    sandbox: Kind = "auto"
    """Kind of sandbox; `none` is for models one trusts."""
    slots: int | None = Field(default=None, ge=1)
    """Executions side by side in all; twice the cores without it."""
    give_up_after: int | None = Field(default=2, ge=1)
    """Time-outs of one program after which its other tests are not run and count as failed."""


class Checkpoints(Section):
    """Weights and optimiser on disk."""

    every: int = Field(default=10, ge=1)
    """Steps between checkpoints; steps after the last are made again from their recorded rollouts."""
    keep_last: int = Field(default=2, ge=1)
    """Checkpoints that are kept, the last ones."""
    keep_every: int | None = Field(default=None, ge=1)
    """Checkpoints of these steps are kept for good."""


class EvaluationConfig(Section):
    """Measured while training, on other problems."""

    problems: str | None = None
    """A file of problems, or `micro`: held-out kinds. Without it there is no evaluation."""
    count: int = Field(default=64, ge=1)
    """Problems measured on, the first of them."""
    every: int = Field(default=10, ge=1)
    """Steps between evaluations; also before the first and after the last."""
    samples: int = Field(default=8, ge=1)
    """Programs and tests per problem."""
    temperature: float = Field(default=1.0, ge=0)
    """Temperature of sampling; 0 takes the likeliest token."""
    seed: int = 1000
    """Decides problems of the micro lab and samples."""


class TrackersConfig(Section):
    """Where metrics go besides metrics.jsonl."""

    tensorboard: bool = False
    """Write TensorBoard's files into the run's directory."""
    wandb: str | None = None
    """Project at Weights & Biases."""
    trackio: str | None = None
    """Project of trackio."""


class Config(Section):
    """Everything a run depends on, besides the versions of packages and the machine."""

    seed: int = 0
    """Decides tasks and samples."""
    steps: int = Field(ge=1)
    """Training steps."""
    data: Data
    policies: dict[str, PolicyConfig]
    """Policies by name, at least one."""
    coder: Role
    tester: Role
    labels: Labels = Labels()
    reward: Reward = Reward()
    loss: Loss = Loss()
    optimiser: Optimiser = Optimiser()
    train: Train = Train()
    rollout: RolloutConfig = RolloutConfig()
    execution: ExecutionConfig = ExecutionConfig()
    checkpoints: Checkpoints = Checkpoints()
    evaluation: EvaluationConfig = EvaluationConfig()
    trackers: TrackersConfig = TrackersConfig()

    @model_validator(mode="after")
    def _names_fit(self) -> Config:
        used = {role.policy for role in (self.coder, self.tester)} - {None}
        if not used:
            raise ValueError("both roles are frozen: there is nothing to train")
        for name in used - set(self.policies):
            raise ValueError(f"a role names the policy {name!r}, which [policies] does not have")
        for name in set(self.policies) - used:
            raise ValueError(f"no role names the policy {name!r}")
        if self.rollout.engine == "vllm-server" and len(self.policies) > 1:
            raise ValueError("rollout.engine = vllm-server samples for one policy, and [policies] has several")
        return self
