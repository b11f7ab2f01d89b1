"""The tokenizer of a checkpoint: token ids of prompts, and the tokens that end a completion."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from engines.errors import EngineError, PromptError
from engines.protocol import ChatPrompt, Message, Prompt, TextPrompt
from engines.text import without_system


class Text:
    """Tokenizer, chat template and end-of-text tokens of the checkpoint in a directory.

    Raises EngineError if the checkpoint has no fast tokenizer.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        if (directory / "tokenizer.json").is_file():
            self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        else:
            backend = getattr(self._pretrained, "backend_tokenizer", None)
            if not isinstance(backend, Tokenizer):
                raise EngineError(f"{directory} has no fast tokenizer (tokenizer.json), which this engine needs")
            self.tokenizer = backend
        added = self.tokenizer.get_added_tokens_decoder()
        self._special = {token.content: number for number, token in added.items() if token.special}

    @cached_property
    def _pretrained(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self._directory, local_files_only=True)

    def encode(self, prompt: Prompt, context: int | None = None) -> list[int]:
        """The prompt's token ids; raises PromptError for a prompt this checkpoint cannot take.

        `context`, if given, is the maximum number of tokens of prompt and completion; the prompt must be shorter.
        """
        if isinstance(prompt, TextPrompt):
            ids = self.tokenizer.encode(_checked(prompt.text)).ids
        elif isinstance(prompt, ChatPrompt):
            ids = self.tokenizer.encode(_checked(self._render(prompt)), add_special_tokens=False).ids
        else:
            ids = list(prompt.token_ids)
            size = self.tokenizer.get_vocab_size()
            if wrong := [number for number in ids if not 0 <= number < size]:
                raise PromptError(f"token id {wrong[0]} is outside the vocabulary of {size}")
        if not ids:
            raise PromptError("the prompt is empty")
        if context is not None and len(ids) >= context:
            raise PromptError(
                f"the prompt has {len(ids)} tokens, and prompt and completion together may have {context}"
            )
        return ids

    def _render(self, prompt: ChatPrompt) -> str:
        if not self._has_template:
            raise PromptError(f"{self._directory} has no chat template: it accepts only raw text (/v1/completions)")
        rendered, refusal = self._apply_template(prompt.messages)
        system = [message.content.strip() for message in prompt.messages if message.role == "system"]
        if not all(content in rendered for content in system):
            # The template has no system role: it raises an error, or leaves system messages out.
            merged, refusal = self._apply_template(without_system(prompt.messages))
            rendered = merged or rendered
        if not rendered:
            raise PromptError(f"the chat template of {self._directory} refuses the messages: {refusal}")
        return rendered

    def _apply_template(self, messages: Sequence[Message]) -> tuple[str, str]:
        """The messages as text, or an empty text and the template's error."""
        rows = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return str(self._pretrained.apply_chat_template(rows, tokenize=False, add_generation_prompt=True)), ""
        except Exception as error:  # noqa: BLE001 - a template is the checkpoint's code, which may raise anything
            return "", " ".join(str(error).split()) or type(error).__name__

    @cached_property
    def _has_template(self) -> bool:
        if (self._directory / "chat_template.jinja").is_file():
            return True
        return bool(_read(self._directory / "tokenizer_config.json").get("chat_template"))

    def ends(self) -> frozenset[int]:
        """The token ids that end a completion, by the checkpoint's generation_config or else its config."""
        for name in ("generation_config.json", "config.json"):
            if (found := _read(self._directory / name).get("eos_token_id")) is not None:
                return frozenset(found if isinstance(found, list) else [found])
        return frozenset()

    def stop_ids(self, stop: Sequence[str]) -> frozenset[int]:
        """Token ids of the stop strings that are special tokens, which do not appear in decoded text."""
        return frozenset(self._special[word] for word in stop if word in self._special)


def _checked(text: str) -> str:
    """The text; raises PromptError for a lone surrogate, which no tokenizer accepts."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PromptError("the prompt contains characters that are not Unicode text") from None
    return text


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found
