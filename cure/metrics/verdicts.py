"""The verdicts of one problem's programs on its tests, failed extractions included where their number is known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cure.errors import ProblemError

Booleans = NDArray[np.bool_]
Outputs = NDArray[np.int64]
Kind = TypeVar("Kind", np.bool_, np.int64)


@dataclass(frozen=True)
class Pool:
    """Labelled programs that the coder did not write, on which a tester can be measured without a coder."""

    right: Booleans
    """(programs,): whether each program is right."""
    generated: Booleans
    """(programs, tests requested): passed; the tests are those of the problem, in order."""


@dataclass(frozen=True, kw_only=True)
class ProblemVerdicts:
    """The verdicts of one problem, made by `verdicts`, which fills in defaults and checks sizes.

    A failed extraction has a row or column where the number of failed ones is known: such a program passes nothing,
    such a test is passed by no program. Columns of tests not extracted stand at the index they were requested under, or
    last where only the number of requested tests was given.
    """

    name: str
    hidden: Booleans
    """(programs, hidden tests): passed; all hidden tests, though a metric may use only the first few (`max_test`)."""
    hidden_known: Booleans
    """(programs, hidden tests): False where the sandbox failed, so that the cell says nothing about the program."""
    generated: Booleans
    """(programs, tests requested): passed."""
    generated_known: Booleans
    """(programs, tests requested): False where the sandbox failed."""
    extracted_programs: Booleans
    """(programs,): whether a program was extracted from the answer."""
    extracted_tests: Booleans
    """(tests requested,): whether a test was extracted from the answer."""
    requested_known: bool
    """Whether the columns are all tests requested; otherwise they are the extracted tests, and how many more were
    requested is unknown."""
    reference: Booleans | None
    """(tests requested,): whether the reference solution passes; None without a reference."""
    reference_known: Booleans
    """(tests requested,): False where the reference's verdict is missing."""
    public: Booleans
    """(programs, public examples): passed."""
    inputs: tuple[Hashable, ...] | None
    """(tests requested,): equal for tests with equal inputs; None where the inputs are not stored."""
    outputs: Outputs | None
    """(programs, tests requested): equal numbers in a column for equal outputs, -1 for an execution that did not end
    `ok`; None where the outputs are not stored."""
    repeated: Booleans | None = None
    """(tests requested,): whether the input is that of a public example; None where that is not stored."""
    pool: Pool | None = None

    @property
    def programs(self) -> int:
        """How many programs were requested."""
        return int(self.hidden.shape[0])

    @property
    def tests(self) -> int:
        """How many tests were requested; only extracted ones where `requested_known` is False."""
        return int(self.generated.shape[1])


def verdicts(
    hidden: Booleans,
    generated: Booleans,
    *,
    name: str = "",
    hidden_known: Booleans | None = None,
    generated_known: Booleans | None = None,
    extracted_programs: Sequence[bool] | Booleans | None = None,
    extracted_tests: Sequence[bool] | Booleans | None = None,
    requested: int | None = None,
    reference: Sequence[bool | None] | Booleans | None = None,
    public: Booleans | None = None,
    inputs: Sequence[Hashable] | None = None,
    outputs: Outputs | None = None,
    repeated: Sequence[bool] | Booleans | None = None,
    pool: Pool | None = None,
) -> ProblemVerdicts:
    """The verdicts of one problem, from (programs, hidden tests) and (programs, generated tests) of passed cells.

    With `extracted_tests` the columns are all requested tests. With `requested` alone the columns are the extracted
    tests, and columns of failed extractions are appended (the order changes no metric). With neither, the
    number of requested tests is unknown. Raises ProblemError where sizes do not fit.
    """
    hidden, generated = np.asarray(hidden, dtype=np.bool_), np.asarray(generated, dtype=np.bool_)
    programs, tests = generated.shape
    if hidden.shape[0] != programs:
        raise ProblemError(
            f"{name}: the table of hidden tests has {hidden.shape[0]} programs, that of generated tests {programs}"
        )
    failed = 0 if requested is None or extracted_tests is not None else requested - tests
    if failed < 0 or (extracted_tests is not None and requested not in (None, tests)):
        raise ProblemError(f"{name}: {tests} tests, but {requested} were requested")

    def sized(
        values: Sequence[bool | None] | Booleans | None, shape: tuple[int, ...], what: str, default: bool = True
    ) -> Booleans:
        found = np.full(shape, default) if values is None else np.array(values, dtype=np.bool_)
        _require_shape(f"{name}: {what}", found.shape, shape)
        return found

    ran = sized(extracted_programs, (programs,), "extracted programs")
    read = _wider(sized(extracted_tests, (tests,), "extracted tests"), failed, False)
    known = _wider(sized(generated_known, generated.shape, "known cells"), failed, True) | ~(ran[:, None] & read)
    hidden_sure = sized(hidden_known, hidden.shape, "known hidden cells") | ~ran[:, None]
    truth = _wider(sized(reference, (tests,), "verdicts of the reference", default=False), failed, False)
    truth_known = [False] * tests if reference is None else [passes is not None for passes in reference]
    _require_shape(f"{name}: inputs", (tests if inputs is None else len(inputs),), (tests,))
    repeats = _wider(sized(repeated, (tests,), "tests that repeat an example", default=False), failed, False)
    if outputs is not None:
        _require_shape(f"{name}: outputs", outputs.shape, generated.shape)
        outputs = np.where(ran[:, None], _wider(outputs, failed, -1), -1)
    if pool is not None:
        passed = sized(pool.generated, (len(pool.right), tests), "the pool's table")
        pool = Pool(np.asarray(pool.right, dtype=np.bool_), _wider(passed, failed, False) & read)
    return ProblemVerdicts(
        name=name,
        hidden=hidden & ran[:, None] & hidden_sure,
        hidden_known=hidden_sure,
        generated=_wider(generated, failed, False) & ran[:, None] & read & known,
        generated_known=known,
        extracted_programs=ran,
        extracted_tests=read,
        requested_known=requested is not None or extracted_tests is not None,
        reference=None if reference is None else truth & read,
        reference_known=_wider(np.array(truth_known, dtype=np.bool_), failed, reference is not None),
        public=sized(public, (programs, 0 if public is None else public.shape[1]), "public examples") & ran[:, None],
        inputs=None if inputs is None else (*inputs, *[None] * failed),
        outputs=outputs,
        repeated=None if repeated is None else repeats & read,
        pool=pool,
    )


def numbered(texts: Sequence[str | None]) -> list[int | None]:
    """Equal numbers for equal texts, None for None. Metrics only compare texts, and numbers take less memory."""
    seen: dict[str, int] = {}
    return [None if text is None else seen.setdefault(text, len(seen)) for text in texts]


def output_numbers(texts: Sequence[str | None], programs: int, tests: int) -> Outputs:
    """(programs, tests): equal numbers for equal texts, -1 for None; texts come row by row."""
    numbers = [-1 if number is None else number for number in numbered(texts)]
    return np.array(numbers, dtype=np.int64).reshape(programs, tests)


def _require_shape(what: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if shape != expected:
        found, wanted = (" x ".join(map(str, size)) for size in (shape, expected))
        raise ProblemError(f"{what}: {found} entries, expected {wanted}")


def _wider(table: NDArray[Kind], failed: int, value: bool | int) -> NDArray[Kind]:
    """The table (..., tests) with a column of this value appended for each failed extraction."""
    columns = np.full((*table.shape[:-1], failed), value, dtype=table.dtype)
    return np.concatenate([table, columns], axis=-1)
