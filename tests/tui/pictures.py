"""Pictures of screens as SVG, compared with the stored ones.

`CURE_AGENT_NEW_PICTURES=1` writes them anew; look at what changed before storing it.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

FOLDER = Path(__file__).parent / "snapshots"
_ID = re.compile(r"terminal-(\d+)-")


def picture(app: App[None]) -> str:
    """The screen as SVG, with ids that do not depend on its content."""
    svg = app.export_screenshot(simplify=True)
    found = _ID.search(svg)
    return svg.replace(f"terminal-{found[1]}-", "terminal-") if found else svg


async def compare(pilot: Pilot[None], name: str) -> None:
    """Compare the screen, once its line of keys is there, with the stored picture of that name."""
    app = pilot.app
    for _ in range(200):
        await pilot.pause()
        if app.screen.query("FooterKey"):
            break
        await asyncio.sleep(0.02)
    await pilot.pause()
    path, shown = FOLDER / f"{name}.svg", picture(app)
    if os.environ.get("CURE_AGENT_NEW_PICTURES"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    stored = path.read_text(encoding="utf-8")
    if shown != stored:
        path.with_suffix(".new.svg").write_text(shown, encoding="utf-8")
    assert shown == stored, f"{path} differs from {path.with_suffix('.new.svg')}"
