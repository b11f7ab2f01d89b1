"""How much memory a policy takes on each GPU, from its model's config.json alone; no weights are loaded.

Counted are the numbers that the trainer and its engine hold, times their bytes. Not counted: the CUDA context, buffers
of NCCL and of the allocator (one to a few GB), and temporary memory of kernels. Sizes are in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from trainer.errors import TrainerError

GB = 10**9
KNOWN_TYPES = ("qwen2", "qwen3", "llama", "mistral")
"""Values of `model_type` whose parameters can be counted: decoders of one kind of block, without experts."""
LOGITS_AT_ONCE = 1 << 26
"""Maximum number of logits that the trainer holds at a time (`trainer.policy.scorer`)."""
LIVE_PARAMETERS = 10**9
"""Maximum number of parameters that ZeRO-3 keeps gathered: DeepSpeed's `stage3_max_live_parameters`."""
BUCKET = 1 << 26
"""Maximum count of numbers in a message of ZeRO-1 and ZeRO-2 (`trainer.policy.deepspeed_policy`)."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The sizes of a decoder."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool
    """Whether the output layer is the embedding."""
    qkv_bias: bool
    output_bias: bool
    mlp_bias: bool
    head_norms: bool
    """Whether queries and keys are normalised (Qwen3)."""
    bytes_each: int
    """Bytes of a weight in the checkpoint, and so in the engine."""

    @property
    def queries(self) -> int:
        """Width of all queries together."""
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        """Width of all keys together, and of all values."""
        return self.kv_heads * self.head_dim

    @property
    def linear(self) -> tuple[tuple[int, int], ...]:
        """Numbers of inputs and outputs of each linear layer of a block."""
        return (
            (self.hidden, self.queries),
            (self.hidden, self.keys),
            (self.hidden, self.keys),
            (self.queries, self.hidden),
            (self.hidden, self.intermediate),
            (self.hidden, self.intermediate),
            (self.intermediate, self.hidden),
        )

    @property
    def block(self) -> int:
        """Parameters of a block: linear layers with their biases, and the norms."""
        biases = self.qkv_bias * (self.queries + 2 * self.keys) + self.output_bias * self.hidden
        biases += self.mlp_bias * (2 * self.intermediate + self.hidden)
        norms = 2 * self.hidden + self.head_norms * 2 * self.head_dim
        return sum(inputs * outputs for inputs, outputs in self.linear) + biases + norms

    @property
    def parameters(self) -> int:
        """Parameters of the model; a tied output layer is not counted again."""
        embeddings = self.vocabulary * self.hidden * (1 if self.tied else 2)
        return embeddings + self.layers * self.block + self.hidden

    def adapters(self, rank: int) -> int:
        """Parameters of low-rank adapters on every linear layer but the output layer (`trainer.policy.lora`)."""
        return self.layers * sum(rank * (inputs + outputs) for inputs, outputs in self.linear)


def shape_of(config: Mapping[str, Any]) -> Shape:
    """The sizes in a config.json. Raises TrainerError for a type of model not in KNOWN_TYPES, or a missing size."""
    inner = config.get("text_config")
    text: Mapping[str, Any] = inner if isinstance(inner, Mapping) else config
    kind = text.get("model_type")
    if kind not in KNOWN_TYPES:
        raise TrainerError(f"no estimate for models of type {kind!r}, only for {', '.join(KNOWN_TYPES)}")
    try:
        heads, hidden = int(text["num_attention_heads"]), int(text["hidden_size"])
        attention_bias = bool(text.get("attention_bias", False))
        return Shape(
            layers=int(text["num_hidden_layers"]),
            hidden=hidden,
            intermediate=int(text["intermediate_size"]),
            heads=heads,
            kv_heads=int(text.get("num_key_value_heads") or heads),
            head_dim=int(text.get("head_dim") or hidden // heads),
            vocabulary=int(text["vocab_size"]),
            tied=bool(text.get("tie_word_embeddings", config.get("tie_word_embeddings", False))),
            qkv_bias=kind == "qwen2" or attention_bias,
            output_bias=kind != "qwen2" and attention_bias,
            mlp_bias=bool(text.get("mlp_bias", False)),
            head_norms=kind == "qwen3",
            bytes_each=4 if (text.get("dtype") or text.get("torch_dtype")) == "float32" else 2,
        )
    except KeyError as error:
        raise TrainerError(f"the model's config.json lacks {error.args[0]}") from None


@dataclass(frozen=True, kw_only=True)
class Training:
    """The settings of a run on which its memory depends."""

    backend: Literal["torch", "deepspeed"] = "torch"
    zero: int = 1
    processes: int = 1
    half: bool = True
    """Whether passes compute in bfloat16."""
    reference: bool = False
    """Whether the base model is kept for the KL divergence."""
    lora_rank: int | None = None
    checkpointing: bool = True
    row_tokens: int = 16_384
    """Tokens of a row: `tokens_per_pack`, or one answer that is longer."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes on each GPU, by what they hold."""

    weights: int
    """Weights in float32, the masters included."""
    moments: int
    gradients: int
    reference: int
    activations: int
    logits: int
    gathered: int
    """Weights that ZeRO-3 gathers from several processes, else ZeRO's buckets for messages; 0 without ZeRO."""

    @property
    def updating(self) -> int:
        """Bytes held during an update, while the engine sleeps."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def sampling(self) -> int:
        """Bytes held by the trainer while the engine samples; the engine's own are not included."""
        return self.weights + self.moments + self.reference

    def to_record(self) -> dict[str, int]:
        """A JSON object of all parts, with the two sums."""
        return {**asdict(self), "updating": self.updating, "sampling": self.sampling}


def memory(shape: Shape, training: Training) -> Memory:
    """The bytes that a policy takes on each GPU.

    Model states as in ZeRO (arXiv 1910.02054, section 3.1 and Figure 1), with all of them in float32, which both back
    ends train in: for Ψ parameters on N processes

        plain torch, ZeRO-0   weights 4Ψ            moments 8Ψ     gradients 4Ψ
        ZeRO-1                weights 4Ψ + 4Ψ/N     moments 8Ψ/N   gradients 4Ψ
        ZeRO-2                weights 4Ψ + 4Ψ/N     moments 8Ψ/N   gradients 4Ψ/N
        ZeRO-3                weights 4Ψ/N + 4Ψ/N   moments 8Ψ/N   gradients 4Ψ/N

    The second term of the weights is the masters, which DeepSpeed clones although the weights are float32 already. With
    adapters only the adapters have masters, moments and gradients; the base is frozen.
    """
    stage = training.zero if training.backend == "deepspeed" else 0
    count = shape.parameters
    trained = count if training.lora_rank is None else shape.adapters(training.lora_rank)
    everything = count if training.lora_rank is None else count + trained
    parts = max(1, training.processes)
    reference = 0
    if training.reference and training.lora_rank is None:
        reference = count * (2 if training.half else 4)
    gathered = 0
    if stage == 3 and parts > 1:
        gathered = 4 * min(count, LIVE_PARAMETERS)
    elif stage:
        gathered = 4 * min(count, BUCKET)
    return Memory(
        weights=_share(4 * everything, parts, stage >= 3) + (_share(4 * trained, parts, True) if stage else 0),
        moments=_share(8 * trained, parts, stage >= 1),
        gradients=_share(4 * trained, parts, stage >= 2),
        reference=reference,
        activations=activations(shape, training.row_tokens, training.half, training.checkpointing),
        logits=logits(shape, training.row_tokens, training.half),
        gathered=gathered,
    )


def _share(size: int, parts: int, divided: bool) -> int:
    return -(-size // parts) if divided else size


def activations(shape: Shape, tokens: int, half: bool, checkpointing: bool) -> int:
    """Bytes that a row of `tokens` tokens keeps for the backward pass, without the output layer.

    Counted after Korthikanti et al. (arXiv 2205.05198, section 4.1) for a block of the Qwen and Llama kind, whose
    attention keeps no matrix of scores, with what autograd keeps of these modules in transformers. In each block a
    token keeps, with h hidden, i intermediate, q queries, k keys, in numbers of 2 bytes under autocast and of 4 bytes
    (float32) otherwise, where nothing else is given:

        two norms                     2h float32 each: the input, before and after normalising
        inputs of the linear layers   h twice in float32; under autocast a copy in bfloat16 for each of five layers
        attention                     q + 2k before, q after
        gate, up, their product       4i
        norms of queries and keys     2(q + k), one half always in float32  (Qwen3)

    Under autocast each linear layer also keeps its weight in bfloat16. With gradient checkpointing (Chen et al., arXiv
    1604.06174) the input of each block is kept in float32, and all of the above for one block at a time. The last norm
    is added with and without checkpointing.
    """
    h, i, q, k = shape.hidden, shape.intermediate, shape.queries, shape.keys
    size = 2 if half else 4
    norms = 4 * 4 * h
    inputs = 5 * 2 * h if half else 2 * 4 * h
    attention = size * (2 * q + 2 * k)
    inside = size * 4 * i
    head_norms = shape.head_norms * ((4 + 2) if half else 8) * (q + k)
    block = tokens * (norms + inputs + attention + inside + head_norms)
    if half:
        block += 2 * sum(inputs * outputs for inputs, outputs in shape.linear)
    last_norm = 2 * tokens * 4 * h
    if checkpointing:
        return shape.layers * tokens * 4 * h + block + last_norm
    return shape.layers * block + last_norm


def logits(shape: Shape, tokens: int, half: bool) -> int:
    """Maximum bytes of logits with their softmax and gradient; at most LOGITS_AT_ONCE logits are held at a time."""
    return min(tokens * shape.vocabulary, LOGITS_AT_ONCE) * (4 * 4 + (2 if half else 0))


def engine_weights(shape: Shape) -> int:
    """Bytes of the engine's own copy of the weights, in the checkpoint's precision, undivided in every process."""
    return shape.bytes_each * shape.parameters


def cache_per_token(shape: Shape) -> int:
    """Bytes of keys and values a token takes in the engine: 2 x layers x keys x bytes (arXiv 2309.06180, section 3)."""
    return 2 * shape.layers * shape.keys * shape.bytes_each
