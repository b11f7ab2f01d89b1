"""Which files are not read for their words and symbols, and why."""

from __future__ import annotations

import re

LARGEST = 1_000_000
"""Bytes of the largest file that is read."""

_VENDORED_FOLDERS = (
    "vendor vendored _vendor third_party thirdparty third-party extern externals node_modules bower_components "
    "site-packages .venv venv .tox .nox .eggs __pycache__ .git"
)
_VENDORED = frozenset(_VENDORED_FOLDERS.split())
_GENERATED_NAMES = re.compile(
    r"(_pb2(_grpc)?\.pyi?|\.lock|-lock\.(json|yaml)|\.min\.(js|css)|\.map|_version\.py|\.po|\.pot|\.svg|\.ipynb|\.csv)$"
)
_GENERATED = re.compile(
    rb"@generated\b|\bdo not (?:edit|modify)\b|\b(?:auto-?|automatically )generated\b"
    rb"|^\W*(?:(?:this )?(?:file|module) (?:is|was) )?generated (?:by|from|with)\b",
    re.IGNORECASE | re.MULTILINE,
)
_BINARY_ENDINGS = """
png jpg jpeg gif ico webp pdf zip gz xz bz2 zst tar whl so dll dylib a o exe pyc pyd class jar woff woff2 ttf otf eot
mp3 mp4 wav ogg avi mov bin dat npy npz pt pkl parquet onnx gguf safetensors sqlite sqlite3 db mo
"""
_BINARY = frozenset(_BINARY_ENDINGS.split())
_LONG_LINES = 400
_HEAD = 1_200


def skipped_by_path(path: str) -> str | None:
    """Why a file is left out, judged by its path alone; None where it has to be read."""
    folders = path.split("/")[:-1]
    if not _VENDORED.isdisjoint(folders):
        return f"vendored: in a folder named {next(folder for folder in folders if folder in _VENDORED)}"
    _, dot, ending = path.rpartition(".")
    if dot and ending.lower() in _BINARY:
        return "binary"
    return "generated: by its name" if _GENERATED_NAMES.search(path) else None


def skipped_by_contents(path: str, data: bytes) -> str | None:
    """Why a file is left out, judged by its contents; None where its words count."""
    if len(data) > LARGEST:
        return f"larger than {LARGEST / 1e6:.0f} MB"
    if b"\0" in data[:8_000]:
        return "binary"
    head = data[:_HEAD]
    if path.endswith((".py", ".js", ".ts", ".go", ".rs", ".java", ".c", ".h", ".cpp")) and _says_generated(head):
        return "generated: its first lines say so"
    lines = data.count(b"\n") + 1
    if len(data) > 5_000 and len(data) / lines > _LONG_LINES:
        return "minified: very long lines"
    return None


def _says_generated(head: bytes) -> bool:
    """Whether a comment or docstring that begins a file says that a program wrote it."""
    comment = re.match(rb"(?:\s*(?:#|//|/\*|\*|;)[^\n]*\n?|\s*(?:\"\"\"|''').*?(?:\"\"\"|'''))+", head, re.DOTALL)
    return bool(comment and _GENERATED.search(comment.group()))
