"""The released notebook's conversion, kept beside the tests for comparison, equals the golden file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.evaluator import released_notebook as release


def test_the_release_way_is_the_notebooks(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cure-golden" / "transform.json").read_text())
    compared = 0
    for name, cases in golden.items():
        if name != "about":
            for case in cases:
                assert getattr(release, name)(case["input"]) == case["output"], (name, case["input"])
                compared += 1
    assert compared == 64


def test_its_faults_are_kept() -> None:
    assert release.transform_tokens("[[1,2]]\n[[3,4]]") == "1 2\n3 4\n]\n"  # a bracket is left
    assert release.replace_output_block("Output: 3.14") == "Output: \n3\n.14"  # cut at the decimal point
    assert release.transform_spec_block("nums = [1,2], target = [4,5]") == "1 2\n[4\n"
    assert release.replace_output_block("Output: true") == "Output: true"  # not seen as a value
