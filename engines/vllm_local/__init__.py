"""`vllm:` specs: vLLM in this process, for samples on GPUs and for trainers that hand it new weights.

The package is not called `vllm`, so that `import vllm` means vLLM everywhere. vLLM is imported only when a model is
opened.
"""
