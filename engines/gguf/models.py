"""Local models that can be named without a file or repository, such as `qwen2.5-coder-1.5b`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NamedModel:
    """A published GGUF file, identified by its checksum."""

    name: str
    """Model spec that opens it: the value of `--model`."""
    repo: str
    """Repository of the Hugging Face hub that holds the file."""
    revision: str
    """Commit of the repository from which the file is downloaded."""
    file: str
    sha256: str
    size: int
    """Bytes of the file, which are also the bytes of the weights in memory."""
    memory: int
    """Bytes of memory needed with the default options, weights included."""
    context: int
    """Maximum number of tokens of prompt and completion that the model was trained for."""
    licence: str
    """SPDX identifier."""
    best_of_8: float | None = None
    """Share of the problems of docs/which-model.md that the best of 8 samples solves; None where not measured."""


_MODELS = (
    NamedModel(
        name="qwen2.5-coder-0.5b",
        repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        revision="ebb2015119c907b064c512bf053e945850b5875f",
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size=491_400_064,
        memory=1_150_000_000,
        context=32_768,
        licence="Apache-2.0",
    ),
    NamedModel(
        name="qwen2.5-coder-1.5b",
        repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision="f86cb2c1fa58255f8052cc32aeede1b7482d4361",
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        memory=2_400_000_000,
        context=32_768,
        licence="Apache-2.0",
        best_of_8=0.566,
    ),
    NamedModel(
        name="qwen2.5-coder-7b",
        repo="Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
        revision="13fb94bfda8c8cf22497dc57b78f391a9acb426a",
        file="qwen2.5-coder-7b-instruct-q4_k_m.gguf",
        sha256="509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c",
        size=4_683_073_536,
        memory=7_000_000_000,
        context=32_768,
        licence="Apache-2.0",
    ),
)


def named_models() -> tuple[NamedModel, ...]:
    """The named models, smallest first."""
    return _MODELS


def named_model(name: str) -> NamedModel | None:
    """The model of this name; None where there is none."""
    return next((model for model in _MODELS if model.name == name), None)


def is_downloaded(model: NamedModel) -> bool:
    """Whether the model's file is in the hub's cache on this machine."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(model.repo, model.file, revision=model.revision), str)
