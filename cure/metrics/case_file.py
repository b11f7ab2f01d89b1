"""Reads the parsed content of files of stored tables: `{cases: [{name, config, problems}]}`,
`{problems, runs: [{config}]}`, or a list of cases.

The pydantic models below define the fields; docs/metrics.md explains them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from cure.case_file import Shape, checked, sized
from cure.errors import ProblemError
from cure.metrics.case import ScoredCase
from cure.metrics.release import ReleaseOptions
from cure.metrics.verdicts import Booleans, Outputs, Pool, ProblemVerdicts, numbered, output_numbers, verdicts
from cure.table.compare import normalise

Size = Annotated[int, Field(ge=0)]
Cells = list[list[bool | None]]
"""A row for each program, a column for each test: whether the program passed; None where the sandbox failed."""


def _pair(pair: list[int]) -> list[int]:
    if len(pair) != 2 or pair[0] < 1 or pair[1] < 0:
        raise ValueError(f"is {pair}, expected [n, m] with n at least 1 and m at least 0")
    return pair


class ScoringConfig(Shape):
    """Options of CURE's released evaluation, with its defaults, and the data and checker that judged the programs."""

    scale_tuple_list: list[Annotated[list[int], AfterValidator(_pair)]] = Field(
        default_factory=lambda: [list(pair) for pair in ReleaseOptions.scale_tuple_list]
    )
    single_eval: bool = ReleaseOptions.single_eval
    max_test: Annotated[int, Field(ge=1)] = ReleaseOptions.max_test
    data: str | None = None
    checker: str | None = None

    def options(self) -> ReleaseOptions:
        """The options of the released evaluation."""
        return ReleaseOptions(tuple((n, m) for n, m in self.scale_tuple_list), self.single_eval, self.max_test)


class StoredPool(Shape):
    """Labelled programs and which generated tests they pass."""

    right: list[bool]
    case_table: list[list[bool]]


class ScoredProblem(Shape):
    """A problem's tables. The columns of `case_table` are all requested tests if `case_extracted` is given, else only
    the extracted ones.
    """

    n_code: Size
    n_test_total: Size
    n_case: Size
    test_table: Cells
    case_table: Cells
    name: str | None = None
    requested_tests: int | None = None
    code_extracted: list[bool] | None = None
    case_extracted: list[bool] | None = None
    case_reference: list[bool | None] | None = None
    public_table: Cells | None = None
    case_inputs: list[str | None] | None = None
    case_outputs: list[list[str | None]] | None = None
    case_repeats: list[bool] | None = None
    pool: StoredPool | None = None

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        """Raise ValueError for lists whose sizes do not fit together."""
        programs, tests = self.n_code, self.n_case
        _rectangle("'test_table'", self.test_table, programs, self.n_test_total)
        _rectangle("'case_table'", self.case_table, programs, tests)
        if self.public_table is not None:
            width = len(self.public_table[0]) if self.public_table else 0
            _rectangle("'public_table'", self.public_table, programs, width)
        sized("'code_extracted'", self.code_extracted, programs)
        for name in ("case_extracted", "case_reference", "case_inputs", "case_repeats"):
            sized(repr(name), getattr(self, name), tests)
        sized("'case_outputs'", self.case_outputs, programs)
        for row, outputs in enumerate(self.case_outputs or ()):
            sized(f"'case_outputs' row {row}", outputs, tests)
        if self.pool is not None:
            _rectangle("'pool': 'case_table'", self.pool.case_table, len(self.pool.right), tests)
        requested = self.requested_tests
        if requested is not None and (requested < tests or (self.case_extracted is not None and requested != tests)):
            raise ValueError(f"'requested_tests' is {requested}, but 'case_table' has {tests} tests")
        return self

    def verdicts(self, name: str) -> ProblemVerdicts:
        """The verdicts of the problem, called `name` unless it has a name of its own."""
        hidden, hidden_known = _cells(self.test_table, self.n_code, self.n_test_total)
        generated, generated_known = _cells(self.case_table, self.n_code, self.n_case)
        return verdicts(
            hidden,
            generated,
            name=self.name or name,
            hidden_known=hidden_known,
            generated_known=generated_known,
            extracted_programs=self.code_extracted,
            extracted_tests=self.case_extracted,
            requested=self.requested_tests,
            reference=self.case_reference,
            public=self._public(),
            inputs=None if self.case_inputs is None else numbered(self.case_inputs),
            outputs=self._outputs(),
            repeated=self.case_repeats,
            pool=self._pool(),
        )

    def _public(self) -> Booleans | None:
        if self.public_table is None:
            return None
        return _cells(self.public_table, self.n_code, len(self.public_table[0]) if self.public_table else 0)[0]

    def _outputs(self) -> Outputs | None:
        if self.case_outputs is None:
            return None
        shown = [None if text is None else normalise(text) for row in self.case_outputs for text in row]
        return output_numbers(shown, self.n_code, self.n_case)

    def _pool(self) -> Pool | None:
        if self.pool is None:
            return None
        passed, _ = _cells(self.pool.case_table, len(self.pool.right), self.n_case)
        return Pool(np.array(self.pool.right, dtype=np.bool_), passed)


class ScoredProblems(Shape):
    """Problems; those without a name are named by `task_ids`, where given."""

    problems: list[ScoredProblem]
    task_ids: list[Any] = Field(default_factory=list)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "task_ids" in self.model_fields_set and len(self.task_ids) != len(self.problems):
            entries = f"has {len(self.task_ids)} entries, expected one for each of {len(self.problems)} problems"
            raise ValueError(f"'task_ids' {entries}")
        return self

    def verdicts(self) -> tuple[ProblemVerdicts, ...]:
        """The verdicts of every problem."""
        names = [str(name) for name in self.task_ids] or [f"#{index}" for index in range(len(self.problems))]
        return tuple(row.verdicts(name) for row, name in zip(self.problems, names, strict=True))


class ScoredRun(Shape):
    """How problems were scored."""

    config: ScoringConfig
    name: str = ""

    def case(self, problems: Sequence[ProblemVerdicts]) -> ScoredCase:
        """The problems as a case with this run's options and name."""
        config = self.config
        return ScoredCase(
            problems=problems, options=config.options(), name=self.name, data=config.data, checker=config.checker
        )


class ScoredCaseRow(ScoredRun, ScoredProblems):
    """Problems and how they were scored."""


class CasesFile(Shape):
    """Cases, each with problems of its own."""

    cases: list[ScoredCaseRow]


class RunsFile(ScoredProblems):
    """Problems, and several ways of scoring them."""

    runs: list[ScoredRun]


def load_cases(content: object, path: str) -> list[ScoredCase]:
    """The cases in the parsed `content` of the file `path`, in order.

    Raises ProblemError for anything malformed; the message begins with the place in the file.
    """
    if isinstance(content, list):
        content = {"cases": content}
    if isinstance(content, dict) and "cases" not in content:
        if "problems" not in content or "runs" not in content:
            raise ProblemError(f"{path}: has neither the list 'cases' nor the lists 'problems' and 'runs'")
        stored = checked(content, RunsFile, path)
        problems = stored.verdicts()
        return [run.case(problems) for run in stored.runs]
    return [case.case(case.verdicts()) for case in checked(content, CasesFile, path).cases]


def _rectangle(name: str, rows: Sequence[Sequence[object]], programs: int, columns: int) -> None:
    """Raise ValueError unless there are `programs` rows of `columns` entries; a table without cells may be empty."""
    if not rows and not (programs and columns):
        return
    if len(rows) != programs:
        raise ValueError(f"{name} has {len(rows)} rows, expected one for each of {programs} programs")
    for number, row in enumerate(rows):
        sized(f"{name} row {number}", row, columns)


def _cells(rows: Sequence[Sequence[bool | None]], programs: int, columns: int) -> tuple[Booleans, Booleans]:
    """(programs, columns) passed cells, and (programs, columns) known cells."""
    passed = np.array([[cell is True for cell in row] for row in rows], dtype=np.bool_)
    known = np.array([[cell is not None for cell in row] for row in rows], dtype=np.bool_)
    return passed.reshape(programs, columns), known.reshape(programs, columns)
