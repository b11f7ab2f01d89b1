"""A prompt as one string."""

from __future__ import annotations

import json

from engines.protocol import ChatPrompt, Prompt, TextPrompt


def prompt_text(prompt: Prompt) -> str:
    """Raw text as it stands, messages or token ids as compact JSON."""
    if isinstance(prompt, TextPrompt):
        return prompt.text
    if isinstance(prompt, ChatPrompt):
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        return json.dumps(messages, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(prompt.token_ids, separators=(",", ":"))
