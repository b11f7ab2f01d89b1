"""Packages that are slow to import, such as torch and numpy, are not imported before a model is opened."""

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "torch",
    "transformers",
    "openai",
    "starlette",
    "uvicorn",
    "numpy",
    "pydantic",
    "tokenizers",
    "huggingface_hub",
    "xllamacpp",
)


def test_importing_engines_and_the_serve_command_is_light():
    code = f"import sys, engines, engines.serve.command; print([name for name in {HEAVY} if name in sys.modules])"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


def test_an_api_model_needs_no_torch():
    code = """
import asyncio, sys
from engines import HttpOptions, open_engine
asyncio.run(open_engine("http://127.0.0.1:9/v1#x", HttpOptions()))
print([name for name in ("torch", "transformers", "numpy") if name in sys.modules])
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
