"""Three small edits of the probe, each with the code, the task, and checks that only a right edit passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.repository.edit.definitions import definitions
from agent.repository.edit.place import Place
from agent.repository.files import blob_name

PATH = "shop/tools.py"

_TAIL = '''"""Small tools of a shop."""


def first(items, count):
    """The first `count` items."""
    return items[:count]


def last(items, count):
    """The last `count` items, all of them where there are fewer."""
    return items[-count:]


def total(prices):
    """Sum of the prices."""
    return sum(prices)
'''

_ACCOUNT = '''"""Accounts of a shop."""


class Account:
    """Money of a customer, in cents."""

    def __init__(self, balance=0):
        self.balance = balance
        self.history = []

    def deposit(self, amount):
        """Add an amount."""
        self.balance += amount
        self.history.append(("deposit", amount))

    def withdraw(self, amount):
        """Take an amount away."""
        self.balance -= amount
        self.history.append(("withdraw", amount))
'''

_SLUG = '''"""Names of goods in addresses."""

import string


def cleaned(name):
    """The name in lower case without punctuation."""
    return "".join(letter for letter in name.lower() if letter not in string.punctuation)


def slug(name):
    """The name of a good as a part of an address."""
    return cleaned(name).strip().replace(" ", "-")
'''


@dataclass(frozen=True)
class ProbeTask:
    """One edit; `Files` of its own."""

    name: str
    words: str
    source: str
    shown: str
    """Qualified name of the definition that the prompt shows."""
    checks: str
    """Statements that fail unless the edit is right; they follow the changed module."""

    @property
    def paths(self) -> Sequence[str]:
        """The only file."""
        return [PATH]

    def read(self, path: str) -> bytes:
        """The module. Raises KeyError for another path."""
        return self.contents[path]

    def blob(self, path: str) -> str:
        """Git's name of the contents."""
        return blob_name(self.read(path))

    @property
    def contents(self) -> Mapping[str, bytes]:
        """The files by their paths."""
        return {PATH: self.source.encode()}

    def place(self, *, whole: bool) -> Place:
        """The place that the prompt shows: the definition, or the file as a whole."""
        lines = self.source.splitlines()
        if whole:
            return Place(PATH, "", 1, len(lines))
        found = next(each for each in definitions(lines) if each.name == self.shown)
        return Place(PATH, found.name, found.first, found.last)


TASKS = (
    ProbeTask(
        "function",
        "`last(items, 0)` returns all items. It should return an empty list.",
        _TAIL,
        "last",
        "assert last([1, 2, 3], 0) == [] and last([1, 2, 3], 2) == [2, 3] and last([1], 5) == [1]\n"
        "assert first([1, 2, 3], 2) == [1, 2] and total([1, 2]) == 3\n",
    ),
    ProbeTask(
        "method",
        "`withdraw` of class `Account` must raise ValueError where the amount is larger than the balance, and change "
        "nothing then.",
        _ACCOUNT,
        "Account.withdraw",
        "account = Account(5)\naccount.deposit(5)\naccount.withdraw(4)\nassert account.balance == 6\n"
        "try:\n    account.withdraw(7)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError\n"
        "assert account.balance == 6 and len(account.history) == 2\n",
    ),
    ProbeTask(
        "import",
        "`slug` turns each blank into a dash. It should turn every run of blanks, tabs and newlines into one dash: "
        "`slug('Red \\t Shoe')` is 'red-shoe'.",
        _SLUG,
        "slug",
        "assert slug('Red \\t Shoe') == 'red-shoe' and slug(' A  b\\nC! ') == 'a-b-c' and slug('x') == 'x'\n",
    ),
)
