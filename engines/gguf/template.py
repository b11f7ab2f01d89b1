"""Renders chat prompts by the Jinja template in a GGUF file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn

from jinja2 import Template, TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engines.errors import PromptError
from engines.gguf.header import Header
from engines.protocol import Message
from engines.text import without_system

_TRAINING_TAG = re.compile(r"(\{%-?)\s*(end)?generation\s*(-?%\})")
"""Template tags that mark the assistant's text for training; only transformers supports them."""


class ChatTemplate:
    """The chat template of a GGUF file."""

    def __init__(self, header: Header) -> None:
        self._header = header

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt up to the beginning of the assistant's answer.


        Where the template refuses or leaves out a system message, the text of system messages is put before that of the
        next user message. Raises PromptError where the file has no chat template, or its template refuses the messages
        even so.
        """
        if not self._header.chat_template:
            raise PromptError("the model has no chat template: it takes raw text (/v1/completions)")
        system = [message.content.strip() for message in messages if message.role == "system"]
        try:
            text = self._render(messages)
        except PromptError:
            if not system:
                raise
            return self._render(without_system(messages))
        return text if all(content in text for content in system) else self._render(without_system(messages))

    @cached_property
    def _template(self) -> Template:
        # A template comes with a downloaded file, so it may be anybody's program.
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.globals |= {"raise_exception": _raise, "strftime_now": _now}
        environment.filters["tojson"] = _to_json
        return environment.from_string(_TRAINING_TAG.sub(_condition, self._header.chat_template))

    def _render(self, messages: Sequence[Message]) -> str:
        try:
            text = self._template.render(
                messages=[{"role": message.role, "content": message.content} for message in messages],
                add_generation_prompt=True,
                bos_token=self._header.token("bos"),
                eos_token=self._header.token("eos"),
            )
        except Exception as error:
            # Beside Jinja's own errors a template may raise whatever its expressions raise.
            raise PromptError(f"the model's chat template refuses the messages: {error}") from error
        # Where `adds_bos` is true, the tokenizer adds the token for the beginning of a text (bos) itself.
        return text.removeprefix(self._header.token("bos")) if self._header.adds_bos else text


def _condition(tag: re.Match[str]) -> str:
    """A condition that always holds, in place of a training tag."""
    return f"{tag[1]} {'endif' if tag[2] else 'if true'} {tag[3]}"


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(form: str) -> str:
    return datetime.now().strftime(form)


def _to_json(value: Any, indent: int | None = None) -> str:
    # Jinja's own filter escapes for HTML.
    return json.dumps(value, ensure_ascii=False, indent=indent)
