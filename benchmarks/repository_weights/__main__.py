"""Fits the weights of the localisation on fixes of repositories, and measures them on repositories left out.

    git clone --bare https://github.com/pallets/click histories/click/repo     # and others
    python -m benchmarks.repository_weights histories --cache build/histories

Each folder below `histories` has a repository named `repo`; none of the packages of the repository benchmark may be
among them. What is parsed is kept in `--cache`. Prints the figures on repositories left out (six parts), then the
weights fitted on all. Those of `agent/repository/source/ranking.py` are from 8 fixes each of arrow, attrs, click,
dateutil, flask, glom, html5lib, httpx, isort, jinja, jsonschema, lark, loguru, markdown, packaging, parsel,
pycodestyle, requests, rich, starlette, tomlkit and werkzeug.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from agent.repository.source import build_index, estimate_tokens
from agent.repository.source.evidence import Evidence, gather
from agent.repository.source.index import Index
from agent.repository.source.ranking import alone
from agent.repository.source.text import lines_of
from benchmarks.repository_weights.fit import Choice, figures, fit, left_out
from benchmarks.repository_weights.mine import Fix, mined
from benchmarks.repository_weights.tree import Objects, Tree

BUDGET = 1275
"""Tokens of the code in full in a map of 1,500."""
KEPT = 250
"""Symbols of each task that are fitted: the best by their texts, and the changed ones."""
_TEXTS = ("text", "further", "file", "code", "word", "named_file", "reached", "parent")
_KINDS = ("long", "used", "private", "test", "aside", "class", "module", "variable")
FITTED = (*_TEXTS, *_KINDS)
"""Features whose weights are fitted. Messages of commits name no lines."""


def choices(index: Index, fix: Fix) -> Iterator[Choice]:
    """The symbols before a fix, for its message and for the vaguer wording."""
    for wording, task in (("given", fix.message), ("vaguer", fix.vaguer)):
        evidence = gather(index, task)
        names = [_name(evidence, number) for number in range(len(evidence.graph.nodes))]
        functions = np.isin(names, fix.functions)
        weight = functions + 0.5 * np.isin(names, fix.others)
        text = evidence.features["text"] + evidence.features["reached"] - evidence.features["test"]
        best = np.argsort(-text * alone(evidence), kind="stable")[:KEPT]
        kept = np.union1d(best, np.flatnonzero(weight))
        if weight.sum():
            yield Choice(
                repository=fix.repository,
                wording=wording,
                features=np.array([evidence.features[name][kept] for name in FITTED]).T,
                tokens=np.array([_tokens(index, evidence, int(number)) for number in kept], float),
                changed=functions[kept],
                shares=weight[kept] / weight.sum(),
                functions=len(fix.functions),
            )


def _name(evidence: Evidence, number: int) -> str:
    path, _ = evidence.graph.nodes[number]
    return f"{path}::{evidence.symbol(number).name}"


def _tokens(index: Index, evidence: Evidence, number: int) -> int:
    path, _ = evidence.graph.nodes[number]
    symbol = evidence.symbol(number)
    lines = lines_of(index.files.read(path))[symbol.first - 1 : symbol.last]
    return estimate_tokens("\n".join([f"# {_name(evidence, number)}, lines 100-120", *lines, ""]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/histories"))
    parser.add_argument("--most", type=int, default=30, help="fixes of each repository")
    options = parser.parse_args()
    found: list[Choice] = []
    for repository in sorted(options.histories.glob("*/repo")):
        fixes, objects = mined(repository, options.most), Objects(repository)
        for fix in fixes:
            found += choices(build_index(Tree(objects, fix.before), options.cache / fix.repository), fix)
        print(f"{repository.parent.name}: {len(fixes)} fixes", flush=True)
    report(found)


def report(found: list[Choice]) -> None:
    """Prints figures and weights."""
    pairs = left_out(found)
    for thrift in (0.0, 0.25, 0.5, 0.75, 1.0):
        for wording in ("given", "vaguer"):
            of_wording = [pair for pair in pairs if pair[0].wording == wording]
            print(f"{wording}, thrift {thrift}: {figures(of_wording, BUDGET, thrift)}, {len(of_wording)} tasks")
    print({name: round(float(weight), 2) for name, weight in zip(FITTED, fit(found), strict=True)})


if __name__ == "__main__":
    main()
