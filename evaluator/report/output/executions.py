"""executions.parquet: problem, program, suite, test and verdict of every execution."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from evaluator.run.summary import WORDS
from evaluator.run.tables import EvaluatedTable

_BATCH = 50
"""Tables written as one row group of the file, which bounds memory."""


def write_executions(path: Path, tables: Iterable[EvaluatedTable]) -> str:
    """Write the file and return an empty text, or the reason why the file is left out.

    A row without a program is an execution of the reference solution.
    """
    try:
        import pyarrow  # type: ignore[import-not-found, import-untyped, unused-ignore]  # optional, untyped
        import pyarrow.parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return "executions.parquet is left out: it needs pyarrow (pip install 'cure-agent[tables]')"
    schema = pyarrow.schema(
        [
            ("problem", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
            ("program", pyarrow.int32()),
            ("suite", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
            ("test", pyarrow.int32()),
            ("verdict", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
        ]
    )
    partial = path.with_name(path.name + ".partial")
    with pyarrow.parquet.ParquetWriter(partial, schema, compression="zstd") as writer:
        left = iter(tables)
        while some := list(islice(left, _BATCH)):
            columns: dict[str, list[str | int | None]] = {name: [] for name in schema.names}
            for table in some:
                _add(columns, table)
            writer.write_table(pyarrow.table(columns, schema=schema))
    partial.replace(path)
    return ""


def _add(columns: dict[str, list[str | int | None]], table: EvaluatedTable) -> None:
    rows: list[tuple[int | None, str]] = [*zip(table.program_samples, table.cells, strict=True)]
    if table.reference is not None:
        rows.append((None, table.reference))
    name = table.name.encode(errors="replace").decode()
    for program, cells in rows:
        if not cells:
            continue
        columns["problem"] += [name] * len(cells)
        columns["program"] += [program] * len(cells)
        columns["suite"] += [column.suite for column in table.columns]
        columns["test"] += [column.index for column in table.columns]
        columns["verdict"] += [WORDS[letter] for letter in cells]
