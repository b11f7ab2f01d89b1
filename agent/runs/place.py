"""The folder of the agent's state, which holds `runs/`."""

from __future__ import annotations

import os
from pathlib import Path

STATE_VARIABLE = "CURE_AGENT_STATE"


def state_folder() -> Path:
    """The folder that holds `runs/`: $CURE_AGENT_STATE, else the user's state directory."""
    if named := os.environ.get(STATE_VARIABLE):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_state_dir("cure-agent", appauthor=False))
