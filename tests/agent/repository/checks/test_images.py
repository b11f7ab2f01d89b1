"""The image that a repository names is read from its files; nothing is built."""

from __future__ import annotations

import pytest

from agent.repository.checks.images import find_image
from tests.agent.repository.checks.held import files_of


@pytest.mark.parametrize(
    ("contents", "name"),
    [
        (
            {".devcontainer/devcontainer.json": '{"image": "mcr.example.com/python:3.12"}'},
            "mcr.example.com/python:3.12",
        ),
        ({".devcontainer.json": '{\n// why "//" not\n"image": "a/b:1", /* x */ "url": "http://x//y",\n}'}, "a/b:1"),
        ({".devcontainer/py/devcontainer.json": '{"image": "python"}'}, "python"),
        ({".devcontainer/devcontainer.json": '{"image": "python:${localEnv:V}"}', "Dockerfile": "FROM x\n"}, None),
        (
            {"Dockerfile": "FROM node AS a\nfrom --platform=$P python:3.12-slim as b\nRUN x\nFROM alpine\n"},
            "python:3.12-slim",
        ),
        ({"Dockerfile": "ARG V\nFROM python:$V\n"}, None),
        ({".devcontainer.json": "[", "Dockerfile": ""}, None),
        ({}, None),
    ],
)
def test_the_image_is_found(contents: dict[str, str], name: str | None) -> None:
    found = find_image(files_of(contents))
    assert (found and found.name) == name and (found is None or found.place in contents)
