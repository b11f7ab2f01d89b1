"""Hands weights to servers as files in a shared directory, renamed into place when complete."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engines.errors import EngineError
from engines.vllm_local.reload import Checkpoint

if TYPE_CHECKING:
    import torch

SIGHT = "sight"
"""Subfolder of written weights with a file of no tensors: a server that can load it sees the shared directory."""
_PREFIX, _PARTIAL = "weights-", ".partial"
_FILE_BYTES = 4 << 30


def write_weights(
    place: Path,
    version: str,
    tensors: Iterable[tuple[str, torch.Tensor]],
    base: Checkpoint,
    dtype: torch.dtype | None,
    file_bytes: int = _FILE_BYTES,
) -> Path:
    """Write the weights into a new folder in `place` and return it; floats are cast to `dtype` if it is given.

    The tensors are read one by one and held on the CPU until a file of `file_bytes` is full. Raises EngineError, and
    leaves no folder, where a name or shape is not in `base`, a weight is missing, or writing fails.
    """
    from safetensors import SafetensorError

    folder = place / (_PREFIX + re.sub(r"[^\w.-]", "_", version))
    partial = folder.with_name(folder.name + _PARTIAL)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / SIGHT).mkdir(parents=True)
        _write_files(partial, tensors, base, dtype, file_bytes)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except (OSError, SafetensorError) as error:  # the second: a full disk, while a file of tensors is written
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise EngineError(f"{place} cannot store the weights: {reason}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def remove_weights(place: Path, but: Path | None = None) -> None:
    """Remove every folder of weights in `place` except `but`, including those of earlier runs."""
    for folder in place.glob(f"{_PREFIX}*"):
        if folder != but:
            shutil.rmtree(folder, ignore_errors=True)


def _write_files(
    folder: Path,
    tensors: Iterable[tuple[str, torch.Tensor]],
    base: Checkpoint,
    dtype: torch.dtype | None,
    file_bytes: int,
) -> None:
    from safetensors.torch import save_file

    part: dict[str, torch.Tensor] = {}
    count = size = 0
    for name, tensor in base.fitting(tensors, dict(base.shapes)):
        stored = dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype
        # Always copy: the trainer may reuse the tensor's memory before the file is written.
        part[name] = tensor.detach().to("cpu", stored, copy=True).contiguous()
        size += part[name].nbytes
        if size >= file_bytes:
            save_file(part, folder / f"model-{count:05d}.safetensors", metadata={"format": "pt"})
            part.clear()
            count, size = count + 1, 0
    if part:
        save_file(part, folder / f"model-{count:05d}.safetensors", metadata={"format": "pt"})
    save_file({}, folder / SIGHT / "model.safetensors", metadata={"format": "pt"})
