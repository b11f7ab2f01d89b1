"""Files of tables from which rewards are computed: `{cases: [{name, config, problems}]}`, or the list of cases alone.

The models below define the format; docs/rewards.md explains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from cure.case_file import Shape, checked, read_json
from cure.reward.release import ExecutedProblem, ReleaseSwitches, RoleAnswers

_LONGEST = 2**31


def _lengths(lengths: list[int]) -> list[int]:
    if not all(0 <= length < _LONGEST for length in lengths):
        raise ValueError("holds a length that is negative or too large")
    return lengths


Lengths = Annotated[list[int], AfterValidator(_lengths)]
"""Length of each answer in tokens."""


class SwitchesRow(Shape):
    """The switches of the released code, with its defaults; unknown ones are ignored."""

    enable_efficient: bool = ReleaseSwitches.enable_efficient
    post_stage: bool = ReleaseSwitches.post_stage
    max_len_threshold: int = ReleaseSwitches.max_len_threshold
    min_len_threshold: int = ReleaseSwitches.min_len_threshold
    max_generation_len: int = ReleaseSwitches.max_generation_len


class StoredProblem(Shape):
    """One problem: each role's prompt, answers and their lengths in tokens; and which programs pass which tests."""

    code_generation_prompt: str
    full_code_generation: list[str]
    code_response_length: Lengths
    case_generation_prompt: str
    full_case_generation: list[str]
    case_response_length: Lengths
    num_ground_truth_test: Annotated[int, Field(ge=0)]
    all_case_bool_table: list[list[bool]] | None
    """Whether each program passes each test: a row for each program, columns for the ground-truth tests, then for the
    generated tests. None where nothing was executed."""

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        """Raise ValueError for lists whose sizes do not fit together."""
        for role in ("code", "case"):
            texts, lengths = getattr(self, f"full_{role}_generation"), getattr(self, f"{role}_response_length")
            if len(lengths) != len(texts):
                raise ValueError(
                    f"'{role}_response_length' has {len(lengths)} entries, expected {len(texts)}, "
                    f"one for each of 'full_{role}_generation'"
                )
        if self.all_case_bool_table is not None:
            self._rectangle(self.all_case_bool_table)
        return self

    def _rectangle(self, rows: list[list[bool]]) -> None:
        programs, columns = len(self.full_code_generation), self.num_ground_truth_test + len(self.full_case_generation)
        if len(rows) != programs:
            expected = f"expected {programs}, one for each of 'full_code_generation'"
            raise ValueError(f"'all_case_bool_table' has {len(rows)} rows, {expected}")
        for number, row in enumerate(rows):
            if len(row) != columns:
                raise ValueError(
                    f"'all_case_bool_table' row {number} has {len(row)} entries, expected {columns}: "
                    "the ground-truth tests, then one for each of 'full_case_generation'"
                )

    def problem(self) -> ExecutedProblem:
        """The problem as the released code's rewards take it."""
        codes, tests = (
            RoleAnswers(prompt, tuple(texts), np.array(lengths, dtype=np.int64))
            for prompt, texts, lengths in (
                (self.code_generation_prompt, self.full_code_generation, self.code_response_length),
                (self.case_generation_prompt, self.full_case_generation, self.case_response_length),
            )
        )
        table = None
        if self.all_case_bool_table is not None:
            shape = (len(codes.texts), self.num_ground_truth_test + len(tests.texts))
            table = np.array(self.all_case_bool_table, dtype=np.bool_).reshape(shape)
        return ExecutedProblem(table, self.num_ground_truth_test, codes, tests)


class StoredCase(Shape):
    """One case of a file: problems, and the switches of the released code for them."""

    problems: list[StoredProblem]
    name: str = ""
    config: SwitchesRow = SwitchesRow()


class StoredCases(Shape):
    """Cases, in order."""

    cases: list[StoredCase]


@dataclass(frozen=True)
class RewardCase:
    """Problems, and the switches of the released code for them."""

    name: str
    switches: ReleaseSwitches
    problems: tuple[ExecutedProblem, ...]


def load_cases(path: str) -> list[RewardCase]:
    """The cases in the file.

    Raises ProblemError, for a file that cannot be read or is malformed, with one line that names the place in it.
    """
    content = read_json(path)
    stored = checked({"cases": content} if isinstance(content, list) else content, StoredCases, path)
    return [
        RewardCase(
            case.name, ReleaseSwitches(**case.config.model_dump()), tuple(row.problem() for row in case.problems)
        )
        for case in stored.cases
    ]
