"""Prompts as text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engines.protocol import ChatPrompt, Message, Prompt, TextPrompt


def prompt_text(prompt: Prompt) -> str:
    """The prompt as text: raw text as it stands; messages and token ids as compact JSON."""
    if isinstance(prompt, TextPrompt):
        return prompt.text
    if isinstance(prompt, ChatPrompt):
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        return json.dumps(messages, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(prompt.token_ids, separators=(",", ":"))


def without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages for a model without a system role: the text of system messages begins the next user message.

    Where no user message follows, the text becomes a user message at the end.
    """
    merged: list[Message] = []
    before: list[str] = []
    for message in messages:
        if message.role == "system":
            before.append(message.content)
        elif message.role == "user" and before:
            merged.append(Message("user", "\n\n".join([*before, message.content])))
            before = []
        else:
            merged.append(message)
    return (*merged, Message("user", "\n\n".join(before))) if before else tuple(merged)
