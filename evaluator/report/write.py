"""Writes the report of a run and the files beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engines import write_atomically
from evaluator.report.content.content import content_of
from evaluator.report.content.parts import Content
from evaluator.report.material.material import Material, read_material
from evaluator.report.output.details import pack
from evaluator.report.output.executions import write_executions
from evaluator.report.output.markdown import markdown
from evaluator.report.output.page import page
from evaluator.report.output.pictures import Picture, pictures
from evaluator.report.output.ratios import ratios_csv
from evaluator.run.directory import RunDirectory
from evaluator.run.prices import Prices
from evaluator.run.summary import summarise, write_summary

NO_PICTURES = "There are no pictures: they need matplotlib (pip install 'cure-agent[plots]')"


def write_report(
    directory: RunDirectory, prices: Prices | None = None, on_missing: Callable[[str], None] = lambda _: None
) -> Path:
    """The path of report.html, after writing metrics.json, problems.csv and the files of `write_files`.

    `on_missing` gets a sentence for each part left out because a library is missing. Raises ProblemError where the
    directory holds no evaluation.
    """
    metrics = summarise(directory, prices)
    write_summary(directory, metrics)
    write_files(directory, metrics, on_missing)
    return directory.report


def write_files(
    directory: RunDirectory, metrics: Mapping[str, Any], on_missing: Callable[[str], None] = lambda _: None
) -> Content:
    """The content of the report, after writing report.html, report.md, metrics.csv, executions.parquet and plots/.

    `on_missing` gets a sentence for each part left out because a library is missing. Raises ProblemError where the
    directory holds no evaluation.
    """
    material = read_material(directory, metrics)
    drawn, no_pictures = _pictures(material)
    no_executions = write_executions(directory.path / "executions.parquet", material.tables)
    missing = [line for line in (no_pictures, no_executions) if line]
    for line in missing:
        on_missing(line)
    content = content_of(material)
    write_atomically(directory.path / "metrics.csv", ratios_csv(metrics))
    write_atomically(directory.path / "report.md", markdown(content, drawn, missing))
    write_atomically(directory.report, page(content, drawn, pack(material), missing))
    return content


def _pictures(material: Material) -> tuple[list[Picture], str]:
    """The pictures, after writing them to plots/ in place of earlier ones, and the reason if there are none."""
    folder = material.directory.path / "plots"
    try:
        drawn, reason = list(pictures(material)), ""
    except ImportError:
        drawn, reason = [], NO_PICTURES
    for old in [*folder.glob("*.svg"), *folder.glob("*.png")]:
        old.unlink()
    if drawn:
        folder.mkdir(exist_ok=True)
    for picture in drawn:
        (folder / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
        (folder / f"{picture.name}.png").write_bytes(picture.png)
    return drawn, reason
