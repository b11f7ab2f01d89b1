"""The table of runs: shares among the runs that they are about, with intervals."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.repository_solved import SHARES, read_rows, table


def row(
    source: str = "quixbugs", *, drawn: bool = True, may: bool = True, status: str = "verified", right: bool = True
) -> dict[str, object]:
    """One line of a run."""
    patch = "" if status == "unsolved" else "diff"
    return {
        "task": f"{source}-a",
        "source": source,
        "drawn_right": drawn,
        "may_be_right": may,
        "status": status,
        "right": right,
        "patch": patch,
        "seconds": 2.0,
    }


def test_shares_are_taken_among_the_runs_that_they_are_about() -> None:
    rows = [
        row(),
        row(status="low_confidence"),
        row(right=False),
        row(drawn=False, right=False, status="unsolved"),
        row(drawn=False, may=False, right=False, status="low_confidence"),
        row(drawn=False, may=False, right=False),
        row("repo_bench", drawn=False, may=False, right=False, status="unsolved"),
    ]
    found = {
        share.name: (sum(map(share.counts, among)), len(among))
        for share in SHARES
        for among in [[each for each in rows if share.among(each)]]
    }
    assert found == {
        "right patch, where an answer is right": (2, 3),
        "wrong patch called verified": (2, 7),
        "wrong among the verified": (2, 3),
        "abstains, where none is right": (2, 3),
        "no patch, where none is right": (1, 3),
        "right patch, all runs": (2, 7),
    }
    printed = table(rows)
    assert "66.7 % [20.8, 93.9] of 3" in printed
    assert (
        printed.index("repo_bench: 1 runs")
        < printed.index("quixbugs: 6 runs")
        < printed.index("all: 7 runs of 2 tasks")
    )


def test_a_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row()) + "\n" + json.dumps(row())[:20])
    assert read_rows(path) == [row()]
    assert read_rows(tmp_path / "absent.jsonl") == []
