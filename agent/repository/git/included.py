"""Ignored files that `.worktreeinclude` asks for in worktrees: a `.env`, a local configuration."""

from __future__ import annotations

import os

from agent.repository.git.opened import Repository

NAME = ".worktreeinclude"
"""A file at the top of the tree, in the syntax of .gitignore."""


def list_included(repository: Repository) -> list[str]:
    """Sorted paths of the ignored files that `.worktreeinclude` names; none without that file."""
    listing = repository.root / NAME
    if not listing.is_file() or listing.is_symlink():
        return []
    from pathspec import GitIgnoreSpec

    patterns = GitIgnoreSpec.from_lines(listing.read_text(encoding="utf-8", errors="replace").splitlines())
    listed = repository.git.run("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--full-name")
    ignored = (os.fsdecode(path) for path in listed.split(b"\0") if path and not path.endswith(b"/"))
    return sorted(path for path in ignored if patterns.match_file(path))
