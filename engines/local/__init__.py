"""Samples from causal language models in this process: one decoding thread, all requests batched together.

`model` says what a model must offer; `qwen` is a small model of our own code that starts quickly, `transformers_model`
any other. `sampler` draws tokens, `rows` follows one sample's text, `decoder` steps the batch, `engine` is the Engine.
Left out on purpose: paging of the KV cache, CUDA graphs, tensor parallelism. vLLM has them.
"""
