"""Labelled programs whose executions are known to differ from the record or from run to run, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.agreement.compare import Disagreement

KNOWN: Mapping[str, str] = {
    "HumanEval/29 codegen-16B 0": "prints a generator, and with it an address",
    "HumanEval/150 codegen-16B 0": "recurses 5,212 deep: the recording's interpreter allowed more than 1,000",
    "HumanEval/150 codegen-16B 5": "recurses 1,233 deep: the recording's interpreter allowed more than 1,000",
}
"""Reasons by the key of the program."""


def reason_for(disagreement: Disagreement) -> str:
    """The known reason of a disagreement; empty where there is none."""
    return KNOWN.get(disagreement.program, "")
