"""The verdicts of one problem's programs on its tests, each at the index it was requested under."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cure.errors import ProblemError

Booleans = NDArray[np.bool_]
Outputs = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """Labelled programs that the coder did not write, on which a tester can be measured without a coder."""

    right: Booleans
    """(programs,)."""
    generated: Booleans
    """(programs, tests requested): passed; the tests are those of the problem, in order."""


@dataclass(frozen=True, kw_only=True)
class ProblemVerdicts:
    """The verdicts of one problem, made by `verdicts`, which fills in defaults and checks sizes.

    A failed extraction keeps its place: such a program passes nothing, such a test is passed by no program.
    """

    name: str
    hidden: Booleans
    """(programs, hidden tests): passed; all hidden tests, of which a metric may use the first."""
    hidden_known: Booleans
    """(programs, hidden tests): False where the sandbox failed, so that the cell says nothing about the program."""
    generated: Booleans
    """(programs, tests requested): passed."""
    generated_known: Booleans
    """(programs, tests requested): False where the sandbox failed."""
    extracted_programs: Booleans
    """(programs,)."""
    extracted_tests: Booleans
    """(tests requested,)."""
    requested_known: bool
    """Whether the columns are all tests requested; otherwise they are the extracted ones, and the rest is unknown."""
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
    pool: Pool | None = None,
) -> ProblemVerdicts:
    """The verdicts of one problem, from (programs, hidden tests) and (programs, generated tests) of passed cells.

    With `extracted_tests` the columns are all requested tests. With `requested` alone the columns are the extracted
    tests, and columns of failed extractions are appended (the order changes no metric). With neither, the
    number of requested tests is unknown. Raises ProblemError where sizes do not fit.
    """
    hidden, generated = np.asarray(hidden, dtype=np.bool_), np.asarray(generated, dtype=np.bool_)
    if generated.shape[0] != hidden.shape[0]:
        raise ProblemError(f"{name}: {hidden.shape[0]} programs met hidden tests, {generated.shape[0]} generated ones")
    programs, tests = generated.shape
    failed = 0 if requested is None or extracted_tests is not None else requested - tests
    if failed < 0 or (extracted_tests is not None and requested not in (None, tests)):
        raise ProblemError(f"{name}: {tests} tests, but {requested} were requested")
    ran = _vector(extracted_programs, programs, f"{name}: extracted programs")
    read = np.append(_vector(extracted_tests, tests, f"{name}: extracted tests"), np.zeros(failed, dtype=np.bool_))
    known = np.append(
        _grid(generated_known, generated.shape, name), np.ones((programs, failed), dtype=np.bool_), axis=1
    )
    known |= ~(ran[:, None] & read)
    hidden_sure = _grid(hidden_known, hidden.shape, name) | ~ran[:, None]
    truth, truth_known = _reference(reference, tests, failed, name)
    return ProblemVerdicts(
        name=name,
        hidden=hidden & ran[:, None] & hidden_sure,
        hidden_known=hidden_sure,
        generated=_wider(generated, failed) & ran[:, None] & read & known,
        generated_known=known,
        extracted_programs=ran,
        extracted_tests=read,
        requested_known=requested is not None or extracted_tests is not None,
        reference=None if truth is None else truth & read,
        reference_known=truth_known,
        public=_public(public, programs, name) & ran[:, None],
        inputs=_inputs(inputs, tests, failed, name),
        outputs=_outputs(outputs, generated.shape, failed, ran, name),
        pool=_pool(pool, tests, failed, read, name),
    )


def numbered(texts: Sequence[str | None]) -> list[int | None]:
    """Numbers that are equal where the texts are, None for None. Metrics only compare texts, which may be large."""
    seen: dict[str, int] = {}
    return [None if text is None else seen.setdefault(text, len(seen)) for text in texts]


def output_numbers(texts: Sequence[str | None], programs: int, tests: int) -> Outputs:
    """(programs, tests) numbers that are equal where the texts are, -1 for None; texts come row by row."""
    numbers = [-1 if number is None else number for number in numbered(texts)]
    return np.array(numbers, dtype=np.int64).reshape(programs, tests)


def _vector(values: Sequence[bool] | Booleans | None, size: int, what: str) -> Booleans:
    if values is None:
        return np.ones(size, dtype=np.bool_)
    if len(values) != size:
        raise ProblemError(f"{what}: {len(values)} entries, expected {size}")
    return np.array(values, dtype=np.bool_)


def _grid(known: Booleans | None, shape: tuple[int, ...], name: str) -> Booleans:
    if known is None:
        return np.ones(shape, dtype=np.bool_)
    if known.shape != shape:
        raise ProblemError(f"{name}: known cells have the shape {known.shape}, expected {shape}")
    return known


def _wider(table: Booleans, failed: int) -> Booleans:
    """The table (programs, tests) with `failed` columns of False appended."""
    return np.append(table, np.zeros((table.shape[0], failed), dtype=np.bool_), axis=1) if failed else table


def _reference(
    passes: Sequence[bool | None] | Booleans | None, tests: int, failed: int, name: str
) -> tuple[Booleans | None, Booleans]:
    if passes is None:
        return None, np.zeros(tests + failed, dtype=np.bool_)
    if len(passes) != tests:
        raise ProblemError(f"{name}: the reference has {len(passes)} verdicts, expected {tests}")
    known = [entry is not None for entry in passes]
    truth = [bool(entry) for entry in passes]
    return np.array(truth + [False] * failed, dtype=np.bool_), np.array(known + [True] * failed, dtype=np.bool_)


def _public(table: Booleans | None, programs: int, name: str) -> Booleans:
    if table is None:
        return np.zeros((programs, 0), dtype=np.bool_)
    if table.shape[0] != programs:
        raise ProblemError(f"{name}: {table.shape[0]} programs met public examples, expected {programs}")
    return np.asarray(table, dtype=np.bool_)


def _inputs(inputs: Sequence[Hashable] | None, tests: int, failed: int, name: str) -> tuple[Hashable, ...] | None:
    if inputs is None:
        return None
    if len(inputs) != tests:
        raise ProblemError(f"{name}: {len(inputs)} inputs, expected {tests}")
    return (*inputs, *[None] * failed)


def _outputs(outputs: Outputs | None, shape: tuple[int, ...], failed: int, ran: Booleans, name: str) -> Outputs | None:
    if outputs is None:
        return None
    if outputs.shape != shape:
        raise ProblemError(f"{name}: outputs have the shape {outputs.shape}, expected {shape}")
    wider = np.append(outputs, np.full((shape[0], failed), -1), axis=1)
    return np.where(ran[:, None], wider, -1)


def _pool(pool: Pool | None, tests: int, failed: int, read: Booleans, name: str) -> Pool | None:
    if pool is None:
        return None
    if pool.generated.shape != (len(pool.right), tests):
        raise ProblemError(
            f"{name}: the pool's table has the shape {pool.generated.shape}, expected programs x {tests}"
        )
    return Pool(np.asarray(pool.right, dtype=np.bool_), _wider(pool.generated, failed) & read)
