"""Reads what a GGUF file says about its model: architecture, vocabulary, chat template.

The `gguf` package reads the same values, but takes 12 seconds for a vocabulary of 150,000 tokens, because it makes a
numpy array of every string. Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_SKIPPED = "tokenizer.ggml.merges"
"""Key of the longest array, whose strings are skipped because no property of `Header` needs them."""
_CONTROL = 3
"""Type of tokens such as `<|im_end|>`, which are not part of a completion's text."""


class HeaderError(Exception):
    """The file is not a GGUF file that can be read; the message says why."""


@dataclass(frozen=True)
class Header:
    """What a GGUF file says about its model."""

    values: dict[str, Any]
    """Keys and values of the file's header; arrays are tuples."""

    @property
    def architecture(self) -> str:
        """Name of the architecture, such as `qwen2`; empty where the file names none."""
        return str(self.values.get("general.architecture", ""))

    @property
    def context(self) -> int:
        """Maximum number of tokens of prompt and completion that the model was trained for; 0 where it is not given."""
        return self.number("context_length")

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return len(self.values.get("tokenizer.ggml.tokens", ()))

    @property
    def chat_template(self) -> str:
        """The Jinja template of chat prompts; empty where there is none."""
        return str(self.values.get("tokenizer.chat_template", ""))

    @property
    def adds_bos(self) -> bool:
        """Whether the tokenizer puts the beginning-of-text token before every prompt."""
        # Without the key llama.cpp decides by the tokenizer's kind: SentencePiece adds the token.
        return bool(self.values.get("tokenizer.ggml.add_bos_token", self.values.get("tokenizer.ggml.model") == "llama"))

    def token(self, which: str) -> str:
        """Text of the `bos` or `eos` token; empty where the file names none."""
        number = self.values.get(f"tokenizer.ggml.{which}_token_id")
        tokens: Sequence[str] = self.values.get("tokenizer.ggml.tokens", ())
        return tokens[number] if isinstance(number, int) and number < len(tokens) else ""

    def control_ids(self, texts: Sequence[str]) -> frozenset[int]:
        """Ids of those of the texts that are control tokens."""
        if not texts:
            return frozenset()
        tokens: Sequence[str] = self.values.get("tokenizer.ggml.tokens", ())
        types: Sequence[int] = self.values.get("tokenizer.ggml.token_type", ())
        return frozenset(number for number, kind in enumerate(types) if kind == _CONTROL and tokens[number] in texts)

    def cache_bytes_per_token(self) -> int:
        """Bytes of keys and values (16 bits each) of one token in all layers; 0 where the file does not say."""
        layers, heads = self.number("block_count"), self.number("attention.head_count")
        if not layers or not heads:
            return 0
        size = self.number("embedding_length") // heads
        widths = self.number("attention.key_length", size) + self.number("attention.value_length", size)
        per_layer = self.values.get(f"{self.architecture}.attention.head_count_kv", heads)
        all_heads = sum(per_layer) if isinstance(per_layer, tuple) else layers * per_layer
        return int(2 * all_heads * widths)

    def number(self, key: str, default: int = 0) -> int:
        """A number about this architecture, such as `block_count`; the largest where layers differ.

        `default` where the file does not give it.
        """
        value = self.values.get(f"{self.architecture}.{key}", default)
        return max(value, default=0) if isinstance(value, tuple) else int(value)


def read_header(path: Path) -> Header:
    """The header of a GGUF file; raises HeaderError for other files, OSError for files that cannot be read."""
    with path.open("rb") as file:
        if (magic := file.read(4)) != b"GGUF":
            raise HeaderError(f"it begins with {magic!r} instead of b'GGUF'")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return Header(_Reader(data).header())
            except (struct.error, KeyError, OverflowError, MemoryError) as error:
                raise HeaderError(f"its header is damaged or cut off ({type(error).__name__}: {error})") from error


class _Reader:
    """Reads the values of a file's header one after another."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 4

    def header(self) -> dict[str, Any]:
        (version,) = self._unpack("I")
        if version not in (2, 3):
            raise HeaderError(f"it has version {version} of the format, and llama.cpp reads versions 2 and 3")
        _, count = self._unpack("QQ")
        values: dict[str, Any] = {}
        for _ in range(count):
            key = self._string()
            (kind,) = self._unpack("I")
            values[key] = self._value(kind, skip=key == _SKIPPED)
        return values

    def _value(self, kind: int, skip: bool = False) -> Any:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._unpack(_SCALARS[kind])[0]
        item, length = self._unpack("IQ")
        if item == _STRING and skip:
            for _ in range(length):
                (size,) = self._unpack("Q")
                self._at += size
            return ()
        if item in _SCALARS:
            return self._unpack(f"{length}{_SCALARS[item]}")
        return tuple(self._value(item) for _ in range(length))

    def _string(self) -> str:
        (length,) = self._unpack("Q")
        start, self._at = self._at, self._at + length
        # Vocabularies of byte pieces may hold bytes that are no text.
        return self._data[start : self._at].decode(errors="replace")

    def _unpack(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values
