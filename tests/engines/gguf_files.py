"""GGUF files made of small Qwen3 checkpoints, such as the bundled model, to compare llama.cpp with our own decoder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_NORMAL, _CONTROL = 1, 3


def convert(checkpoint: Path, file: Path, template: str = "", control: str = "") -> Path:
    """Write a Qwen3 checkpoint as a GGUF file with 32-bit weights, and return the file.

    `template` is the chat template of the file (empty: none). The token `control`, if given, becomes the control token
    <|stop|>.
    """
    import gguf
    from safetensors.numpy import load_file

    config = json.loads((checkpoint / "config.json").read_text())
    assert config["model_type"] == "qwen3"
    writer = gguf.GGUFWriter(file, "qwen3")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    _add_tokenizer(writer, checkpoint, config, control)
    if template:
        writer.add_chat_template(template)
    for name, tensor in load_file(checkpoint / "model.safetensors").items():
        writer.add_tensor(_translate(name), tensor.astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _add_tokenizer(writer: Any, checkpoint: Path, config: dict[str, Any], new_control: str) -> None:
    read = json.loads((checkpoint / "tokenizer.json").read_text())
    control = {"<|stop|>", *(token["content"] for token in read["added_tokens"])}
    tokens = sorted(read["model"]["vocab"], key=read["model"]["vocab"].get)
    tokens = ["<|stop|>" if token == new_control else token for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([_CONTROL if token in control else _NORMAL for token in tokens])
    # llama.cpp wants merges; this one never applies, since no token consists of its two halves.
    writer.add_token_merges([f"{tokens[-1]} {tokens[-1]}"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)


def _translate(name: str) -> str:
    stem, _, kind = name.rpartition(".")
    if stem.startswith("model.layers."):
        layer, _, stem = stem.removeprefix("model.layers.").partition(".")
        return f"blk.{layer}.{_NAMES[stem]}.{kind}"
    return f"{_NAMES[stem]}.{kind}"
