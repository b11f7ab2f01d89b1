"""The operations of micro problems: what each does to a list, its line of Python, its wordings.

A new operation is a new entry of `OPERATIONS` or `ENDS`; at the next warm-up the words of its phrases enter the
tokenizer. Values stay small and not negative, so that a model of a million parameters can compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

Numbers = Sequence[int]


@dataclass(frozen=True, kw_only=True)
class OperationKind:
    """One operation from a list to a list. `{k}` stands for its constant, where it has one."""

    code: str
    """Its line of the program; the list is always called `a`."""
    note: str
    """How the tester names the operation in its reasoning."""
    phrases: tuple[str, ...]
    """Wordings, as clauses in the imperative."""
    apply: Callable[[Numbers, int], list[int]]
    """The list after the operation, from the list before it and the constant."""
    constants: tuple[int, ...] = ()
    """Values that the constant may have; empty for an operation without a constant."""
    near: tuple[str, ...] = ()
    """Names of operations that this one is easily confused with."""
    may_empty: bool = False
    """Whether a non-empty list can become empty."""


@dataclass(frozen=True)
class EndKind:
    """How a program ends: what it prints of the list."""

    code: str
    """The last line of the program."""
    note: str
    """How the tester names the end in its reasoning."""
    phrases: tuple[str, ...]
    """Wordings, as noun phrases after "print"."""
    answer: Callable[[Numbers], list[int]]
    """The numbers printed, separated by spaces; never empty."""
    work: Callable[[Numbers], list[int]]
    """The numbers the tester writes down on the way to the answer."""
    near: tuple[str, ...] = ()
    """Names of ends that this one is easily confused with."""


def _keep(condition: str, note: str, phrases: tuple[str, ...], test: Callable[[int, int], bool],
          near: tuple[str, ...], constants: tuple[int, ...] = ()) -> OperationKind:  # fmt: skip
    return OperationKind(
        code=f"a = [x for x in a if {condition}]",
        note=note,
        phrases=phrases,
        apply=lambda a, k: [x for x in a if test(x, k)],
        constants=constants,
        near=near,
        may_empty=True,
    )


def _each(expression: str, note: str, phrases: tuple[str, ...], change: Callable[[int, int], int],
          near: tuple[str, ...], constants: tuple[int, ...] = ()) -> OperationKind:  # fmt: skip
    return OperationKind(
        code=f"a = [{expression} for x in a]",
        note=note,
        phrases=phrases,
        apply=lambda a, k: [change(x, k) for x in a],
        constants=constants,
        near=near,
    )


def _order(expression: str, note: str, phrases: tuple[str, ...], change: Callable[[list[int]], list[int]],
           near: tuple[str, ...], may_empty: bool = False) -> OperationKind:  # fmt: skip
    return OperationKind(
        code=f"a = {expression}",
        note=note,
        phrases=phrases,
        apply=lambda a, _k: change(list(a)),
        near=near,
        may_empty=may_empty,
    )


OPERATIONS: dict[str, OperationKind] = {
    "even": _keep(
        "x % 2 == 0", "keep even",
        ("keep only the even numbers", "remove the odd numbers", "take the even ones"),
        lambda x, _k: x % 2 == 0, ("odd",),
    ),
    "odd": _keep(
        "x % 2 == 1", "keep odd",
        ("keep only the odd numbers", "remove the even numbers", "take the odd ones"),
        lambda x, _k: x % 2 == 1, ("even",),
    ),
    "gt": _keep(
        "x > {k}", "keep > {k}",
        ("keep only the numbers greater than {k}", "keep the numbers above {k}", "remove the numbers up to {k}"),
        lambda x, k: x > k, ("ge", "lt"), (2, 3, 4, 5),
    ),
    "ge": _keep(
        "x >= {k}", "keep >= {k}",
        ("keep only the numbers of at least {k}", "keep the numbers not below {k}", "remove the numbers below {k}"),
        lambda x, k: x >= k, ("gt", "le"), (3, 4, 5, 6),
    ),
    "lt": _keep(
        "x < {k}", "keep < {k}",
        ("keep only the numbers less than {k}", "keep the numbers below {k}", "remove the numbers of at least {k}"),
        lambda x, k: x < k, ("le", "gt"), (5, 6, 7, 8),
    ),
    "le": _keep(
        "x <= {k}", "keep <= {k}",
        ("keep only the numbers of at most {k}", "keep the numbers up to {k}", "remove the numbers above {k}"),
        lambda x, k: x <= k, ("lt", "ge"), (4, 5, 6, 7),
    ),
    "multiple": _keep(
        "x % {k} == 0", "keep multiples of {k}",
        ("keep only the multiples of {k}", "keep the numbers divisible by {k}", "take the multiples of {k}"),
        lambda x, k: x % k == 0, ("nonmultiple",), (3, 4),
    ),
    "nonmultiple": _keep(
        "x % {k} != 0", "drop multiples of {k}",
        ("remove the multiples of {k}", "remove the numbers divisible by {k}", "drop the multiples of {k}"),
        lambda x, k: x % k != 0, ("multiple",), (3, 4),
    ),
    "add": _each(
        "x + {k}", "add {k}",
        ("add {k} to each number", "increase every number by {k}", "make each number {k} larger"),
        lambda x, k: x + k, ("multiply",), (1, 2, 3, 4, 5),
    ),
    "multiply": _each(
        "x * {k}", "times {k}",
        ("multiply each number by {k}", "multiply every number by {k}", "replace each number by {k} times itself"),
        lambda x, k: x * k, ("add",), (2, 3),
    ),
    "square": _each(
        "x * x", "square",
        ("square each number", "replace each number by its square", "multiply each number by itself"),
        lambda x, _k: x * x, ("double",),
    ),
    "double": _each(
        "x + x", "double",
        ("double each number", "replace every number by its double", "add each number to itself"),
        lambda x, _k: x + x, ("square",),
    ),
    "remainder": _each(
        "x % {k}", "mod {k}",
        ("replace each number by its remainder modulo {k}", "take every number modulo {k}",
         "reduce each number modulo {k}"),
        lambda x, k: x % k, ("quotient",), (3, 4, 5),
    ),
    "quotient": _each(
        "x // {k}", "div {k}",
        ("divide each number by {k} rounding down", "replace each number by its quotient by {k}",
         "divide every number by {k} and round down"),
        lambda x, k: x // k, ("remainder",), (2, 3),
    ),
    "distance": _each(
        "abs(x - {k})", "distance to {k}",
        ("replace each number by its distance to {k}", "take the distance of every number to {k}",
         "replace every number by its distance from {k}"),
        lambda x, k: abs(x - k), ("add",), (3, 4, 5),
    ),
    "reverse": _order(
        "a[::-1]", "reverse", ("reverse the list", "reverse the order", "turn the list around"),
        lambda a: a[::-1], ("descending",),
    ),
    "ascending": _order(
        "sorted(a)", "sort up",
        ("sort the list in ascending order", "sort the numbers from smallest to largest", "sort the list upwards"),
        sorted, ("descending",),
    ),
    "descending": _order(
        "sorted(a, reverse=True)", "sort down",
        ("sort the list in descending order", "sort the numbers from largest to smallest", "sort the list downwards"),
        lambda a: sorted(a, reverse=True), ("ascending", "reverse"),
    ),
    "left": _order(
        "a[1:] + a[:1]", "rotate left",
        ("rotate the list left by one", "move the first number to the end", "shift the list left around by one"),
        lambda a: a[1:] + a[:1], ("right", "tail"),
    ),
    "right": _order(
        "a[-1:] + a[:-1]", "rotate right",
        ("rotate the list right by one", "move the last number to the front", "shift the list right around by one"),
        lambda a: a[-1:] + a[:-1], ("left", "init"),
    ),
    "unique": _order(
        "list(dict.fromkeys(a))", "unique",
        ("remove repeated numbers", "keep only the first copy of each number", "drop the duplicates"),
        lambda a: list(dict.fromkeys(a)), ("ascending",),
    ),
    "tail": _order(
        "a[1:]", "drop first",
        ("drop the first number", "remove the first number", "take all but the first number"),
        lambda a: a[1:], ("init", "left"), True,
    ),
    "init": _order(
        "a[:-1]", "drop last",
        ("drop the last number", "remove the last number", "take all but the last number"),
        lambda a: a[:-1], ("tail", "right"), True,
    ),
    "alternate": _order(
        "a[::2]", "every second",
        ("take every second number starting with the first", "keep every other number starting with the first",
         "keep the first number, the third and so on"),
        lambda a: a[::2], ("others",),
    ),
    "others": _order(
        "a[1::2]", "every second from second",
        ("take every second number starting with the second", "keep every other number starting with the second",
         "keep the second number, the fourth and so on"),
        lambda a: a[1::2], ("alternate",), True,
    ),
    "differences": _order(
        "[abs(x - y) for x, y in zip(a, a[1:])]", "differences",
        ("replace the list by the distances between neighbours", "take the differences of neighbours without sign",
         "take the absolute differences of neighbours"),
        lambda a: [abs(x - y) for x, y in pairwise(a)], ("neighbours",), True,
    ),
    "neighbours": _order(
        "[x + y for x, y in zip(a, a[1:])]", "neighbour sums",
        ("replace the list by the sums of neighbours", "add each number to the one after it",
         "take the sums of neighbours"),
        lambda a: [x + y for x, y in pairwise(a)], ("differences",), True,
    ),
    "prefix": _order(
        "[sum(a[:i + 1]) for i in range(len(a))]", "running sums",
        ("replace the list by its running sums", "take the running sums", "compute the prefix sums"),
        lambda a: list(accumulate(a)), ("neighbours",),
    ),
}  # fmt: skip


def _or_zero(a: Numbers) -> list[int]:
    return list(a) or [0]


ENDS: dict[str, EndKind] = {
    "list": EndKind(
        "print(*(a or [0]))", "list",
        ("the list", "the resulting numbers", "what is left"),
        _or_zero, _or_zero, ("sum",),
    ),
    "sum": EndKind(
        "print(sum(a))", "sum",
        ("the sum", "the total", "the sum of the numbers"),
        lambda a: [sum(a)], lambda a: list(accumulate(_or_zero(a))), ("count", "max"),
    ),
    "max": EndKind(
        "print(max(a or [0]))", "max",
        ("the largest number", "the maximum", "the greatest number"),
        lambda a: [max(_or_zero(a))], lambda a: [max(_or_zero(a))], ("min", "last"),
    ),
    "min": EndKind(
        "print(min(a or [0]))", "min",
        ("the smallest number", "the minimum", "the least number"),
        lambda a: [min(_or_zero(a))], lambda a: [min(_or_zero(a))], ("max", "first"),
    ),
    "count": EndKind(
        "print(len(a))", "count",
        ("how many numbers there are", "the count of the numbers", "the length of the list"),
        lambda a: [len(a)], lambda a: list(range(1, len(a) + 1)) or [0], ("sum",),
    ),
    "range": EndKind(
        "print(max(a or [0]) - min(a or [0]))", "max min range",
        ("the largest minus the smallest number", "the maximum minus the minimum",
         "the distance between the largest and the smallest number"),
        lambda a: [max(_or_zero(a)) - min(_or_zero(a))],
        lambda a: [max(_or_zero(a)), min(_or_zero(a)), max(_or_zero(a)) - min(_or_zero(a))], ("max", "min"),
    ),
    "first": EndKind(
        "print((a or [0])[0])", "first",
        ("the first number", "the number at the front", "only the first number"),
        lambda a: [_or_zero(a)[0]], lambda a: [_or_zero(a)[0]], ("last", "min"),
    ),
    "last": EndKind(
        "print((a or [0])[-1])", "last",
        ("the last number", "the number at the end", "only the last number"),
        lambda a: [_or_zero(a)[-1]], lambda a: [_or_zero(a)[-1]], ("first", "max"),
    ),
}  # fmt: skip
