"""Which of a project's options for pytest are kept: those that decide what is tested, not speed and show."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHOW = re.compile(r"-(?:[vqsxl]+|r[a-zA-Z]*)$")
"""Short options, also several in one word, about output and about stopping early."""
DROPPED = _words(
    """
    --verbose --quiet --exitfirst --showlocals --no-showlocals --lf --last-failed --ff --failed-first --nf --new-first
    --sw --stepwise --sw-skip --stepwise-skip --stepwise-reset --pdb --trace --cache-clear --no-cov --no-cov-on-fail
    --cov-append --cov-branch --cov-reset --benchmark-only --benchmark-skip --benchmark-disable
    --benchmark-enable --benchmark-autosave --benchmark-verbose --random-order --self-contained-html --no-header
    --no-summary --disable-warnings
    --disable-pytest-warnings --strict-config --strict-markers --strict --looponfail -f --full-trace --setup-show
    --flake8 --pep8 --mypy --black --isort --ruff --ruff-format --pylint --codespell --pycodestyle --pydocstyle
    --codspeed --memray --force-short-summary --testmon --instafail
    """
)
"""Options without a value that are left out."""
DROPPED_WITH_VALUE = _words(
    """
    -n --numprocesses --dist --maxprocesses --max-worker-restart --tx --rsyncdir --maxfail --tb --color
    --code-highlight --durations --durations-min --verbosity --capture --show-capture --junitxml --junit-xml
    --junit-prefix --junit-suite-name --basetemp --rootdir --cov-report --cov-config --cov-fail-under --cov-context
    --reruns --reruns-delay --only-rerun -r --report-log --log-level --log-format --log-date-format --log-cli-level
    --log-cli-format --log-file --log-file-level --log-file-format --pastebin --debug --excelreport --css
    """
)
"""Options that are left out together with their value, in the same word or in the next one."""
DROPPED_BEGINNINGS = ("--cov", "--benchmark", "--random", "--json-report", "--reruns", "--pylint-", "--mypy-", "--html")
KEPT_WITH_VALUE = _words(
    """
    -m -k -p -W -o -c --config-file --pythonwarnings --ignore --ignore-glob --deselect --confcutdir --import-mode
    --override-ini --doctest-glob --doctest-report --doctest-encoding --ds --dc --asyncio-mode --timeout
    --timeout-method --hypothesis-profile --hypothesis-seed --record-mode --vcr-record
    """
)
"""Options that are kept with the value in the next word."""
HARMFUL_PLUGINS = ("xdist", "pytest_cov", "cov", "pytest-cov", "randomly", "pytest_randomly", "random_order", "sugar")


@dataclass(frozen=True)
class Options:
    """A command line of pytest, taken apart."""

    kept: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    config: str = ""
    """The value of `-c`."""
    dropped: tuple[str, ...] = ()


def cleaned(words: Sequence[str], exists: Callable[[str], bool]) -> Options:
    """The options and paths of a command line of pytest that are worth keeping.

    `exists` tells whether a path names a file or directory of the repository: any other word is the value of the
    option before it, or nothing.
    """
    kept: list[str] = []
    paths: list[str] = []
    dropped: list[str] = []
    config = ""
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, joined, value = word.partition("=")
        following = waiting[0] if waiting and not waiting[0].startswith("-") else None
        if not word.startswith("-"):
            (paths if exists(word.partition("::")[0]) else dropped).append(word)
        elif name in ("-c", "--config-file"):
            config = value if joined else waiting.pop(0) if waiting else ""
        elif name in KEPT_WITH_VALUE:
            words_of = [word] if joined else [word, *([waiting.pop(0)] if waiting else [])]
            (dropped if _harmful(words_of) else kept).extend(words_of)
        elif _is_dropped(name):
            dropped.append(word)
            takes = name in DROPPED_WITH_VALUE or (name.startswith(DROPPED_BEGINNINGS) and name not in DROPPED)
            if takes and not joined and following is not None:
                dropped.append(waiting.pop(0))
        else:
            kept.append(word)
            if not joined and following is not None and not exists(following.partition("::")[0]):
                kept.append(waiting.pop(0))
    return Options(tuple(kept), tuple(paths), config, tuple(dropped))


def _is_dropped(name: str) -> bool:
    return (
        SHOW.match(name) is not None
        or re.fullmatch(r"-n(?:\d+|auto|logical)", name) is not None
        or name in DROPPED
        or name in DROPPED_WITH_VALUE
        or name.startswith(DROPPED_BEGINNINGS)
    )


def _harmful(words: Sequence[str]) -> bool:
    """Whether an option loads a plug-in that would change how the tests are run and told."""
    return words[0] == "-p" and len(words) > 1 and words[1] in HARMFUL_PLUGINS
