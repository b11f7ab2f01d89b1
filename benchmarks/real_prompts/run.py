"""Samples one role with one form of prompts, and joins the samples of two such runs into one evaluation.

A run is stored as an evaluation of the package `evaluator`: a sample is kept under the hash of model, prompt, sampling
and index before it is used, so that an interrupted run is continued and nothing is asked for twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.real_prompts.problem_set import Row, problems_of
from cure.json_lines import Lines, read_lines
from cure.prompts import PromptStyle
from cure.session import open_session
from engines import HttpOptions
from evaluator.run.directory import RunDirectory
from evaluator.run.execute import Progress, execute
from evaluator.run.samples import Asker
from evaluator.run.settings import Role, RoleSettings, Settings
from evaluator.run.start import evaluate

OnProgress = Callable[[Progress], None]

PATIENT = HttpOptions(first_token_s=7_200, idle_s=7_200, patience_s=7_200, concurrency=64)
"""Options that wait up to two hours for an answer, since a server on one core answers late."""


async def sample(
    rows: Sequence[Row],
    role: Role,
    form: str,
    style: PromptStyle,
    asking: RoleSettings,
    out: Path,
    *,
    sandbox: str = "auto",
    on_progress: OnProgress = lambda _: None,
) -> RunDirectory:
    """The completed run OUT/MODEL/ROLE-FORM of one role on these problems."""
    directory = RunDirectory(out / _slug(asking.model) / f"{role}-{form}")
    settings = _settings(rows, coder=asking if role == "coder" else None, tester=asking if role == "tester" else None)
    problems = problems_of(rows)
    async with open_session([asking.model], sandbox, PATIENT) as session:
        engine = session.engines[asking.model]
        directory.write_config(settings, {"form": form}, [problem.name for problem in problems])
        asker = Asker(role, engine, engine.model, style, asking)
        await execute(directory, settings, problems, [asker], session.sandbox, on_progress)
    return directory


def merge(runs: Sequence[RunDirectory], out: Path) -> RunDirectory:
    """The run `out` of one role, written with the samples of all these runs, which are about the same problems."""
    settings = runs[0].read_settings()
    (role, asked), *_ = settings.roles.items()
    sizes = [run.read_settings().roles[role].samples for run in runs]
    together = settings.model_copy(update={role: asked.model_copy(update={"samples": sum(sizes)})})
    directory = RunDirectory(out)
    directory.write_config(together, {"form": "+".join(run.path.name for run in runs)}, runs[0].problem_names())
    lines = Lines(directory.samples(role))
    try:
        for number, run in enumerate(runs):
            for record in read_lines(run.samples(role)):
                lines.append({**record, "index": sum(sizes[:number]) + record["index"]})
    finally:
        lines.close()
    return directory


async def join(
    rows: Sequence[Row],
    coder: RunDirectory,
    tester: RunDirectory,
    out: Path,
    *,
    sandbox: str = "auto",
    on_progress: OnProgress = lambda _: None,
) -> RunDirectory:
    """The completed evaluation of the programs of one run with the tests of another."""
    settings = _settings(rows, coder=_stored("coder", coder), tester=_stored("tester", tester))
    return await evaluate(settings, problems_of(rows), out / "joined", sandbox, on_progress=on_progress)


def _stored(role: Role, run: RunDirectory) -> RoleSettings:
    """The role with the samples of a run in place of its model."""
    asked = run.read_settings().roles[role]
    return asked.model_copy(update={"model": f"run:{run.path}"})


def _settings(rows: Sequence[Row], coder: RoleSettings | None, tester: RoleSettings | None) -> Settings:
    data = hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest()
    return Settings(dataset="real-prompts", data_sha256=data, coder=coder, tester=tester)


def _slug(model: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model.partition("#")[2] or model).strip("-.")
