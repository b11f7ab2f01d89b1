"""The interface of engines and its data: requests go in, completions come out as each finishes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

Finish = Literal["stop", "length", "error"]


@dataclass(frozen=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class ChatPrompt:
    """Chat messages; the engine or its server applies the model's chat template."""

    messages: tuple[Message, ...]


@dataclass(frozen=True)
class TextPrompt:
    """Raw text, sent unchanged and without a chat template."""

    text: str


@dataclass(frozen=True)
class TokenPrompt:
    """Token ids of the model's own tokenizer, sent unchanged."""

    token_ids: tuple[int, ...]


Prompt = ChatPrompt | TextPrompt | TokenPrompt


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters. `None` means the server's default; without a server, no top_k and a random seed."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    max_tokens: int = 2048
    seed: int | None = None
    """Sample i of a request is drawn with seed + i where the engine supports seeds."""
    stop: tuple[str, ...] = ()
    """Stop strings: a completion ends before the first one found, which is not part of its text."""


@dataclass(frozen=True)
class Request:
    """A prompt and the number of samples wanted; `key` names the request in its completions and deltas."""

    key: str
    prompt: Prompt
    n: int = 1
    sampling: Sampling = Sampling()


@dataclass(frozen=True)
class Usage:
    """Tokens of one completion. A prompt is counted once each time that the model reads it, in one of the completions:
    once for a request with n > 1, but once for each part where a server is sent the request in parts, or again.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether the numbers are estimated from the text's length or the stream's chunks, not counted by a tokenizer."""


@dataclass(frozen=True)
class Completion:
    """One sample of a request. A failed sample is a completion with `finish="error"`; the other samples are kept."""

    key: str
    index: int
    text: str
    finish: Finish
    _: KW_ONLY
    usage: Usage = Usage()
    token_ids: tuple[int, ...] | None = None
    """Ids of the sampled tokens; None where not reported."""
    logprobs: tuple[float, ...] | None = None
    """One log-probability per sampled token, under the distribution it was drawn from; None where not reported."""
    weights_version: str = ""
    """Version of the weights that the sample was drawn with; empty where the engine does not know it."""
    error: str = ""
    """Why `finish` is `error`, after the engine's own retries; empty otherwise."""
    seconds: float | None = None
    """Seconds from request to answer, set where the caller cannot measure them (a provider's batch API); else None."""


@dataclass(frozen=True)
class Delta:
    """New text of a completion that is not finished."""

    key: str
    index: int
    text: str
    restart: bool = False
    """The completion is requested again after a failure: discard the text received for it so far."""


class Engine(Protocol):
    """Samples from one model. Every (request key, sample index) gets exactly one completion, in any order."""

    @property
    def spec(self) -> str:
        """The model spec this engine was opened with."""

    @property
    def model(self) -> str:
        """The spec of the model that answers: `spec`, with the model's name added if the server was asked for it."""

    async def check(self) -> str:
        """One line saying that the model is available; raises EngineError saying why it is not."""

    def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Yield completions as each finishes. Closing the generator (`contextlib.aclosing`) cancels the others.

        A sample that fails is a completion with `finish="error"`. Raises EngineError where the engine cannot be used.
        """

    async def close(self) -> None:
        """Release the engine's threads, memory and connections. Idempotent."""


@runtime_checkable
class TrainableEngine(Engine, Protocol):
    """An engine whose weights a trainer can replace without opening it again."""

    async def load_weights(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Replace the weights; every completion requested from now on has `version` as its `weights_version`.

        `tensors` holds every parameter, named as in the model's Hugging Face checkpoint; one name is enough for tied
        parameters. Samples requested earlier are finished with the old weights first. The tensors are read one by one
        in the calling thread; each may be freed once the next is requested. Works awake and asleep.

        Raises EngineError for a name or shape that does not fit and for a missing parameter. The engine then keeps the
        old weights and version; an engine that cannot restore them says so and refuses requests until weights are
        loaded.
        """

    async def sleep(self) -> None:
        """Finish the samples under way, then release the accelerator's memory. Idempotent.

        `complete` of a sleeping engine raises EngineError. An engine without an accelerator keeps its memory.
        """

    async def wake(self) -> None:
        """Allocate the memory again and answer requests with the current weights. Idempotent."""
