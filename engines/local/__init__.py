"""Samples from causal language models in this process: one decoding thread, all requests batched together.

`model` says what a model must offer; `qwen` runs small Qwen2 and Qwen3 models without importing transformers, so that
they start quickly, and `transformers_model` runs all others. `sampler` draws tokens, `rows` follows one sample's text,
`decoder` steps the batch, `engine` is the Engine.
Left out on purpose: paging of the KV cache, CUDA graphs, tensor parallelism. vLLM has them.
"""
