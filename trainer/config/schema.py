"""The sections of a run's configuration. A field's docstring is its documentation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cure.prompts import StyleName
from sandbox import Kind
from settings.section import Section


class Data(Section):
    """Where the tasks come from."""

    problems: str
    """A file of problems (CURE's JSON, JSONL, Parquet), or `micro`: the micro lab's endless sequence."""
    tasks_per_step: int = Field(ge=1)
    """Tasks per training step."""
    order: Literal["epochs", "fresh"] = "epochs"
    """`epochs`: every task once per epoch, in an order drawn from the seed. `fresh`: drawn anew for each step, as in
    CURE's released code. The endless `micro` is read in sequence with either."""
    most_labels: int = Field(default=8, ge=1)
    """Maximum number of ground-truth tests used per task; the first ones are used."""
    time_limit_s: float | None = Field(default=None, gt=0)
    """CPU time limit of an execution, in seconds; unset: each problem's own limit."""


class PolicyConfig(Section):
    """One set of weights to train."""

    model: str
    """The checkpoint to start from: `micro`, a directory, or a Hugging Face model id."""


class Role(Section):
    """How one of the two roles, coder or tester, answers a task."""

    policy: str | None = None
    """Name of the policy that answers and is trained on its answers."""
    model: str | None = None
    """Model spec of a frozen model that answers instead of a policy; its answers are not trained on."""
    samples: int = Field(default=16, ge=1)
    """Answers per task."""
    style: StyleName = "chat"
    """Prompt style; `release` is the raw prompt that the published CURE models were trained on."""
    public_examples: int | None = Field(default=None, ge=0)
    """Maximum number of public examples in the tester's prompt (style `release` only); unset: 1."""
    temperature: float = Field(default=1.0, gt=0)
    """Temperature of sampling."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling: sample from the likeliest tokens whose probabilities add up to this share."""
    top_k: int | None = Field(default=None, ge=1)
    """Sample from this many of the likeliest tokens; unset: all."""
    max_tokens: int = Field(default=10_000, ge=1)
    """Maximum number of tokens of an answer."""
    max_prompt_tokens: int = Field(default=2_000, ge=1)
    """Maximum number of tokens of a prompt to a policy. Tasks with a longer prompt are left out and counted. Prompts
    are never truncated, and those to a frozen model are not measured."""

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
    """Maximum number of tokens of an answer."""
    agreement: float = Field(default=0.0, ge=0, le=1)
    """Use a test as a label only if at least this share of the programs that print the commonest output for its input
    pass the test.

    With 0 every test qualifies. Of the tests that qualify, those that all programs pass or all fail are left out,
    unless no others remain.
    """

    @model_validator(mode="after")
    def _has_model(self) -> Labels:
        if (self.source == "tester") != (self.model is not None):
            raise ValueError("labels by a tester need its model, labels from the data have none")
        return self


class Reward(Section):
    """How verdicts become rewards and advantages; equations and sections are those of the CURE paper."""

    code: Literal["fraction", "all", "count"] = "fraction"
    """`fraction`: share of the ground-truth tests passed; `all`: 1 if all are passed, else 0; `count`: number
    passed (Eq. 3)."""
    test: Literal["cure", "validity"] = "cure"
    """`cure`: Eq. 4 as corrected in docs/rewards.md; `validity`: 1 if every right program passes the test, else 0."""
    test_scale: Literal["count", "mean"] = "count"
    """`count`: the numbers of programs of Eq. 4; `mean`: these divided by the number of wrong programs, as in the
    released code."""
    all_right: Literal["validity", "skip"] = "validity"
    """Tests of a task without a wrong program. `validity`: 1 for a valid test, else -1 (0 with `test = validity`);
    `skip`: left out."""
    validity_bonus: float = Field(default=0.0, ge=0)
    """Added to the reward by Eq. 4 of a valid test, if the task has a wrong program. By Eq. 4 alone, a test that all
    programs pass earns as much as a test that all programs fail."""
    unparsed: Literal["lowest", "drop"] = "lowest"
    """An answer that contains no test. `lowest`: gets the lowest reward of its group; `drop`: left out of the group."""
    shorten: bool = False
    """Favour the tester's short answers among those with a reward above the mean, for long chains of thought (section
    3.4). The transformed rewards are the tester's advantages, whatever `advantage` says."""
    advantage: Literal["standard", "centre", "loo"] = "standard"
    """Within one task and role. `standard`: (r - mean) / std; `centre`: r - mean; `loo`: r - mean of the others."""
    truncated: Literal["train", "mask", "penalise"] = "train"
    """Answers cut at max_tokens. `train`: no special treatment; `mask`: left out of the loss; `penalise`: given the
    lowest reward of the group."""


class Loss(Section):
    """How advantages become a loss; Eq. 5 is that of the CURE paper."""

    kind: Literal["ppo", "reinforce", "gspo", "cispo"] = "ppo"
    """`ppo`: Eq. 5 with a ratio per token; `reinforce`: A log p; `gspo`: Eq. 5 with a ratio per answer; `cispo`: A log
    p weighted by the clipped ratio."""
    clip_low: float = Field(default=0.2, gt=0)
    """The ratio of new to old probability is clipped below at 1 - clip_low."""
    clip_high: float = Field(default=0.2, gt=0)
    """The ratio of new to old probability is clipped above at 1 + clip_high."""
    aggregate: Literal["token", "sequence", "constant"] = "sequence"
    """`token`: mean over all tokens; `sequence`: mean over answers of each answer's mean; `constant`: mean over answers
    of each answer's sum divided by a constant (Dr. GRPO)."""
    kl: Literal["k1", "k2", "k3"] = "k3"
    """Estimator of the KL divergence per token."""
    kl_weight: float = Field(default=0.0, ge=0)
    """Weight of the KL divergence to the base model; with 0 no base model is kept, unless `measure_kl` is set."""
    measure_kl: bool = False
    """Keep the base model and measure the KL divergence to it even if `kl_weight` is 0."""
    correction: Literal["truncate", "mask", "none"] = "truncate"
    """Use of a token's importance weight: its probability as the trainer computes it, divided by the sampler's.
    `truncate`: capped; `mask`: tokens with a weight above the cap or below 1 / cap are left out; `none`: not used."""
    correction_cap: float = Field(default=2.0, ge=1)
    """Highest importance weight."""


class Optimiser(Section):
    """AdamW with float32 master weights; its moments and these weights are kept for the whole run."""

    learning_rate: float = Field(default=1e-6, gt=0)
    """Learning rate after the warm-up."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay rates of the two moments."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled weight decay."""
    clip_norm: float = Field(default=1.0, gt=0)
    """Maximum norm of the gradient; a longer gradient is scaled down to it."""
    warm_up_steps: int = Field(default=0, ge=0)
    """Training steps over which the learning rate rises linearly from 0."""
    decay: Literal["constant", "linear", "cosine"] = "constant"
    """Schedule after the warm-up; `linear` and `cosine` fall to a tenth of the learning rate at the last step."""
    stages: Literal["separate", "joint"] = "separate"
    """`separate`: an update on the programs, then one on the tests, as in the CURE paper; `joint`: one on both."""
    updates: int = Field(default=1, ge=1)
    """Optimiser updates per stage; the answers are divided among them."""


class Train(Section):
    """Where and how gradients are computed."""

    backend: Literal["torch", "deepspeed"] = "torch"
    """`torch`: each process holds all weights and optimiser state; `deepspeed`: divided over processes by ZeRO."""
    zero: Literal[0, 1, 2, 3] = 1
    """DeepSpeed's ZeRO stage."""
    processes: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Processes to start on this host if no launcher did; `auto`: one per GPU, or one without GPUs."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device of the policy; `auto`: a GPU if there is one, else the CPU."""
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """Type of forward and backward passes; master weights and moments are float32."""
    attention: Literal["auto", "sdpa", "padded", "varlen", "flash_attention_2", "flash_attention_3"] = "auto"
    """Attention kernel for rows of packed answers; `auto`: `padded` on a CPU, on a GPU `varlen` if torch has it, else
    `sdpa`."""
    tokens_per_pack: int = Field(default=16_384, ge=64)
    """Maximum number of tokens of a row of packed answers; a longer answer gets a row of its own."""
    most_tokens: int | None = Field(default=8_000, ge=1)
    """Number of first tokens of an answer to train on; unset: all. Rewards are computed from the whole answer."""
    gradient_checkpointing: bool = True
    """Recompute activations in the backward pass: less memory, more time."""
    lora_rank: int | None = Field(default=None, ge=1)
    """Rank of LoRA adapters of the linear layers, trained instead of all weights; unset: all weights."""


class RolloutConfig(Section):
    """The engine that samples from the policies in training."""

    engine: Literal["auto", "local", "vllm", "vllm-server"] = "auto"
    """`local`: the project's own decoder over transformers; `vllm`: in this process; `vllm-server`: on other hosts.
    `auto`: `vllm` on a GPU if vLLM is installed, else `local`."""
    rows: int = Field(default=256, ge=1)
    """Maximum number of answers decoded at a time; with vLLM servers, by each server for each process."""
    memory: float = Field(default=0.5, gt=0, lt=1)
    """vLLM: share of a GPU's memory, weights included; the policy and its optimiser live on the same GPU."""
    url: str | tuple[str, ...] | None = None
    """vLLM servers: `http://host:8000`, or a list of them, over which the tasks are spread."""
    weights_dir: str | None = None
    """vLLM servers: directory for new weights, shared with all servers under the same path. Each run needs its own."""

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
        """URLs of the vLLM servers; empty for other engines."""
        return (self.url,) if isinstance(self.url, str) else self.url or ()


class ExecutionConfig(Section):
    """The sandbox that programs run in."""

    sandbox: Kind = "auto"
    """Kind of sandbox; `none`, without isolation, only for trusted models."""
    slots: int | None = Field(default=None, ge=1)
    """Concurrent executions on each host, divided among its processes; unset: twice the cores."""
    give_up_after: int | None = Field(default=2, ge=1)
    """Time-outs of one program after which its other tests are not run and count as failed; unset: all are run."""


class Checkpoints(Section):
    """Weights and optimiser on disk."""

    every: int = Field(default=10, ge=1)
    """Steps between checkpoints; the last step has one, too. A continued run repeats the steps after its latest
    checkpoint from their recorded rollouts."""
    keep_last: int = Field(default=2, ge=1)
    """Number of latest checkpoints to keep."""
    keep_every: int | None = Field(default=None, ge=1)
    """Checkpoints of steps divisible by this number are never removed."""


class EvaluationConfig(Section):
    """Evaluation of the policies during training, on held-out problems."""

    problems: str | None = None
    """A file of problems, or `micro`: the micro lab's held-out problems; unset: no evaluation."""
    count: int = Field(default=64, ge=1)
    """Maximum number of problems; the first ones are used."""
    every: int = Field(default=10, ge=1)
    """Steps between evaluations; also before the first and after the last."""
    samples: int = Field(default=8, ge=1)
    """Number of programs, and of tests, per problem."""
    temperature: float = Field(default=1.0, ge=0)
    """Temperature of sampling; 0 takes the likeliest token."""
    seed: int = 1000
    """Random seed of the samples and of the micro lab's problems."""


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
    """Random seed of tasks and samples."""
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
