"""The Engine seam: requests in, completions out as each finishes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

Finish = Literal["stop", "length", "error"]


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class ChatPrompt:
    """Messages, to which the model's own chat template is applied by its server."""

    messages: tuple[Message, ...]


@dataclass(frozen=True)
class TextPrompt:
    """Raw text, sent as it stands: no template in front of it."""

    text: str


@dataclass(frozen=True)
class TokenPrompt:
    """Token ids, for engines that know their tokenizer."""

    token_ids: tuple[int, ...]


Prompt = ChatPrompt | TextPrompt | TokenPrompt


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters. `None` leaves a parameter to the server's default."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    max_tokens: int = 2048
    seed: int | None = None
    """Sample i of a request is drawn with seed + i where the engine supports seeds."""
    stop: tuple[str, ...] = ()
    """A completion ends before the first of these; the stop text is not part of it."""


@dataclass(frozen=True)
class Request:
    key: str
    prompt: Prompt
    n: int = 1
    sampling: Sampling = Sampling()


@dataclass(frozen=True)
class Usage:
    """Tokens of one completion. The prompt of a request with n > 1 is counted once, in completion 0."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    """Whether the numbers are guessed from the text's length or the stream's pieces, not counted by a tokenizer."""


@dataclass(frozen=True)
class Completion:
    """One sample. Errors are values: a failed sample never loses its siblings."""

    key: str
    index: int
    text: str
    finish: Finish
    _: KW_ONLY
    usage: Usage = Usage()
    token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None
    """Log-probability of each sampled token under the distribution it was drawn from."""
    weights_version: str = ""
    error: str = ""
    """Why `finish` is `error`, after the engine's own retries; empty otherwise."""
    seconds: float | None = None
    """Seconds from request to answer by the server's clock, where the caller's own says nothing about that."""


@dataclass(frozen=True)
class Delta:
    """Text that arrived for a completion still under way."""

    key: str
    index: int
    text: str
    restart: bool = False
    """The completion is asked for again after a failure: forget the text that arrived for it."""


class Engine(Protocol):
    """Asks one model. Every (request, index) gets exactly one completion, in any order."""

    @property
    def spec(self) -> str:
        """The model spec this engine was opened with."""

    @property
    def model(self) -> str:
        """The spec of the model that answers: `spec`, completed where a server was asked for its only model."""

    async def check(self) -> str:
        """One line saying that the model can be asked; raises EngineError saying why not."""

    def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions as each finishes. Closing it (`contextlib.aclosing`) cancels what is under way and its cost."""

    async def close(self) -> None:
        """Free what the engine holds. Idempotent."""


@runtime_checkable
class TrainableEngine(Engine, Protocol):
    """An engine whose weights a trainer replaces between two steps, without opening it again."""

    async def load_weights(self, version: str, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Answer from these weights; every completion asked for from now on carries `version`.

        All parameters, named as in the model's Hugging Face checkpoint; of tied ones a single name is enough. Samples
        asked for before are finished with the old weights first. The tensors are taken one after another in the calling
        thread, and each may be freed once the next is asked for.
        Works awake and asleep.

        Raises EngineError where a name or a shape does not fit or a parameter is missing. The engine then answers as
        before, from the old weights under the old version; one that cannot go back says so and refuses to answer until
        weights were loaded.
        """

    async def sleep(self) -> None:
        """Give the accelerator's memory back once what was asked for is finished. Asking a sleeping engine is an error.

        Idempotent, and without effect on memory where there is nothing to give back.
        """

    async def wake(self) -> None:
        """Take the memory back and answer again, from the same weights. Idempotent."""
