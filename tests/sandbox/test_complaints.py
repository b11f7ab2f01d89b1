"""Error messages of bubblewrap are passed on, with the remedy where it is known."""

from __future__ import annotations

import pytest

from sandbox.backends.bubblewrap import PROFILE, explain


@pytest.mark.parametrize(
    "complaint", ["bwrap: setting up uid map: Permission denied", "bwrap: loopback: Failed RTM_NEWADDR: not permitted"]
)
def test_where_apparmor_restricts_namespaces_the_profile_for_bwrap_is_named(complaint: str) -> None:
    said = explain(complaint, restricted=True)
    assert complaint in said and PROFILE in said and "apparmor_parser -r" in said and "\n" not in said
    assert "sysctl" in explain(complaint, restricted=False)


def test_other_complaints_are_passed_on() -> None:
    assert explain("bwrap: execvp: no such file", restricted=True).endswith("bwrap: execvp: no such file")
