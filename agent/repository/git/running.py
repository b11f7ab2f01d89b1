"""Runs git commands that execute nothing of a repository or of its user, ask nothing and dial nowhere.

The only module that knows GitPython, and of it only `with Repo(...)` and `repo.git.execute`: the repository opened
there is a private, empty one, so that GitPython never parses files of somebody else's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from agent.repository.errors import RepositoryError

if TYPE_CHECKING:
    from git import Repo

OLDEST = (2, 34)
"""The oldest git that is known to do what this package asks for."""

# An empty core.fsmonitor means "none" to every git; before 2.36 the word false would be a program's name.
_NOTHING_RUNS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=",
    "core.sshCommand=false",
    "core.askPass=",
    "core.editor=:",
    "core.pager=cat",
    "core.gitProxy=false",
    "core.alternateRefsCommand=:",
    "credential.helper=",
    "diff.external=",
    "protocol.allow=never",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
)
_NOTHING_ELSE_CHANGES = (
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "core.logAllRefUpdates=false",
    "index.sparse=false",
    "core.quotePath=true",
)
_ASKS_NOTHING = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
    "GIT_PAGER": "cat",
    "GIT_ASKPASS": "true",
    "SSH_ASKPASS": "true",
    "GIT_SSH_COMMAND": "false",
    # Lists of allowed protocols and of fetches on demand: none.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
}
_KEPT = re.compile(r"GIT_(CONFIG_.*|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH|(AUTHOR|COMMITTER)_.*)")
"""Variables of the user that every command may see; all other variables of git are taken away from it."""


@dataclass(frozen=True)
class Output:
    """What a git command that ended left."""

    status: int
    stdout: bytes
    stderr: str


@dataclass(frozen=True)
class Git:
    """Git commands in one place: the variables say which repository, `folder` where the command starts."""

    repo: Repo
    variables: Mapping[str, str]
    """Variables of git, beside those that keep it quiet. Nothing else that begins with GIT_ reaches the command."""
    folder: Path
    started: list[Process] = field(default_factory=list, repr=False)
    """Commands that answer requests; they end with the context of `running_git` at the latest."""

    def within(self, folder: Path | None = None, /, **variables: str | Path) -> Git:
        """These commands with further variables, started in another folder if one is given."""
        added = {name: str(value) for name, value in variables.items()}
        return replace(self, variables={**self.variables, **added}, folder=folder or self.folder)

    def run(self, *arguments: str, stdin: bytes = b"", also: Collection[int] = ()) -> bytes:
        """Standard output of a command. Raises RepositoryError unless its exit status is 0 or one of `also`."""
        output = self.attempt(*arguments, stdin=stdin)
        if output.status != 0 and output.status not in also:
            raise RepositoryError(explanation(arguments, output))
        return output.stdout

    def line(self, *arguments: str, stdin: bytes = b"") -> str:
        """Standard output of a command that prints one line. Raises RepositoryError like `run`."""
        return os.fsdecode(self.run(*arguments, stdin=stdin).removesuffix(b"\n"))

    def attempt(self, *arguments: str, stdin: bytes = b"") -> Output:
        """What a command left, whatever its exit status. Raises RepositoryError where git is missing."""
        with TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            status, stdout, stderr = self._execute(
                arguments, istream=given, with_extended_output=True, with_exceptions=False, stdout_as_string=False
            )
        return Output(status, stdout, stderr)

    def start(self, *arguments: str) -> Process:
        """A running command that answers what is written to its standard input; the caller closes it."""
        from subprocess import PIPE

        process = Process(self._execute(arguments, istream=PIPE, as_process=True))
        self.started.append(process)
        return process

    def _execute(self, arguments: tuple[str, ...], **options: Any) -> Any:
        from git.exc import GitCommandNotFound

        variables = {**self.variables, **_ASKS_NOTHING}
        foreign = [n for n in os.environ if n.startswith("GIT_") and n not in variables and not _KEPT.fullmatch(n)]
        # GitPython adds to this process's environment and cannot take away from it.
        without = ["env", *(word for name in foreign for word in ("-u", name))] if foreign else []
        settings = [word for setting in (*_NOTHING_RUNS, *_NOTHING_ELSE_CHANGES) for word in ("-c", setting)]
        command = [*without, "git", "--no-pager", "-C", str(self.folder), *settings, *arguments]
        try:
            return self.repo.git.execute(command, env=variables, strip_newline_in_stdout=False, shell=False, **options)
        except GitCommandNotFound as error:
            raise RepositoryError(_MISSING) from error


class Process:
    """A git command that answers requests until it is closed."""

    def __init__(self, process: Any) -> None:
        self._process = process

    @property
    def stdin(self) -> IO[bytes]:
        """The command's standard input."""
        stream: IO[bytes] = self._process.stdin
        return stream

    @property
    def stdout(self) -> IO[bytes]:
        """The command's standard output."""
        stream: IO[bytes] = self._process.stdout
        return stream

    def close(self) -> None:
        """End the command and close its pipes. Idempotent."""
        process = self._process.proc
        if process is None:
            return
        self._process.proc = None
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        process.stdout.close()
        process.stderr.close()


_MISSING = f"git is not installed, or not found in PATH; install git {OLDEST[0]}.{OLDEST[1]} or newer"


@contextmanager
def running_git(private: Path) -> Iterator[Git]:
    """Git commands, without a repository to work on, as long as the context is open.

    `private` is the private git directory that GitPython opens. Raises RepositoryError where git is missing or too old.
    """
    # Importing GitPython runs git, and fails where there is none.
    try:
        from git import Repo
    except ImportError as error:
        raise RepositoryError(_MISSING) from error
    with Repo(private) as repo:
        git = Git(repo, {}, private)
        version = git.run("version").decode()
        found = re.search(r"(\d+)\.(\d+)", version)
        if found is None or (int(found[1]), int(found[2])) < OLDEST:
            raise RepositoryError(f"{version.strip()} is too old: git {OLDEST[0]}.{OLDEST[1]} or newer is needed")
        try:
            yield git
        finally:
            for process in git.started:
                process.close()


def explanation(arguments: tuple[str, ...], output: Output) -> str:
    """What a person can do about a command that failed: the known refusals in words, anything else as git says it."""
    said = output.stderr.strip()
    if "dubious ownership" in said or "unsafe repository" in said:
        found = re.search(r"safe\.directory (\S.*)", said)
        place = found[1].strip() if found else "PATH"
        return (
            "git does not trust this repository, since another user owns its files; if you do, run\n"
            f"  git config --global --add safe.directory {place}"
        )
    if "not a git repository" in said:
        return "this folder is not inside a git repository; change to one, or make one with `git init`"
    if "index.lock" in said or ("Unable to create" in said and ".lock'" in said):
        return f"another git command is working in this repository; wait until it has ended\n{said}"
    words = " ".join(word for word in arguments if not word.startswith("-"))
    return f"git {words[:100]} failed with exit status {output.status}: {said or 'no message'}"
