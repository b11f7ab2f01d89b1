"""The micro model: a small Qwen3 with untied embeddings and attention heads of size 64.

Embeddings and head size suit vLLM's CPU build: its attention accepts few head sizes, and with tied embeddings it keeps
the old output layer after new weights are loaded. Qwen3 and not Qwen2, because transformers 5 replaces the splitting
rules of any tokenizer beside a Qwen2 checkpoint by its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import Qwen3ForCausalLM

HEAD = 64
"""Size of an attention head."""


def new_model(vocabulary: int, end_id: int, pad_id: int, hidden: int = 128, layers: int = 4) -> Qwen3ForCausalLM:
    """An untrained model of `layers` layers in float32; its weights depend on torch's seed alone."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=hidden * 3,
        num_hidden_layers=layers,
        num_attention_heads=hidden // HEAD,
        num_key_value_heads=hidden // HEAD,
        head_dim=HEAD,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=end_id,
        pad_token_id=pad_id,
        dtype=torch.float32,
    )
    return Qwen3ForCausalLM(config)  # type: ignore[no-untyped-call]  # transformers is partly untyped
