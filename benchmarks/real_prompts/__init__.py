"""Prompt forms compared on real problems with real models; `python -m benchmarks.real_prompts --help`."""
