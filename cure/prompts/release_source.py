"""The wording the published CURE models were trained on, read from the published repository; none of it is kept here.

Gen-Verse/CURE has no licence, so its text cannot be shipped. Four of its files are read as data at one pinned commit,
each checked against its SHA-256, parsed with `ast` and never executed. They come from a
checkout of the repository, in the directory given or else in that of the environment variable CURE_AGENT_RELEASE_DIR.
Where neither is set, they come from the user's cache directory, or from raw.githubusercontent.com into that cache.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cure.errors import ProblemError
from engines import write_atomically

COMMIT = "69fe1742b4c53b75ce3d7d1c8ea3762a3f93886f"
REPOSITORY = "Gen-Verse/CURE"
ENVIRONMENT = "CURE_AGENT_RELEASE_DIR"

FILES = {
    "optimization/optimization_config.py": "1da601fb42b71c710f3fa8ecbd198d89bd5536a7ccfb57cf1c506364a9a9af9f",
    "optimization/sample.py": "239ed22819046fc363fd5d1fa3476a3222e0d52cbb28260071f41f5d19b41cdd",
    "evaluation/evaluation_config.py": "df82955d00224b65681b28a4d3c14d78314636e40a0c6a8464c9517cedee8abd",
    "evaluation/eval.py": "5f496e80f1d2647881edf0ac7363f63db4fe6b442f6c561fd15ade9d56947424",
}
"""The files read, and the sha256 of each at the pinned commit."""

RAW = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}"

_TIMEOUT_S = 30


@dataclass(frozen=True)
class StageWording:
    """The jinja2 templates of one stage."""

    coder: str
    """Template of the coder's prompt, with the variables `language`, `special_requirements` and `problem`."""
    tester: str
    """Template of the tester's prompt, with the variables `problem` and `example_intro`."""
    requirements: str
    """The text of `special_requirements`."""
    no_example: str
    """The text of `example_intro` where no public example is shown."""
    one_example: str
    """Template of `example_intro` for one public example, with the variables `example_input` and `example_output`."""
    more_examples: str
    """Template of `example_intro` for more examples; variables: `n_sample`, `example_input` and `example_output`."""


@dataclass(frozen=True)
class Wording:
    """The templates of both stages, which differ in the coder's requirements."""

    training: StageWording
    evaluation: StageWording


def load_wording(directory: str | None = None) -> Wording:
    """The published wording, from the checkout in `directory` or from the places that the module's docstring names.

    Raises ProblemError, saying what to do, when the wording cannot be obtained.
    """
    given = directory or os.environ.get(ENVIRONMENT)
    read = _from_checkout(Path(given)) if given else _from_cache_or_download(cache_directory())
    optimization, sample, evaluation, evaluate = (read(name) for name in FILES)
    return Wording(_stage(optimization, sample), _stage(evaluation, evaluate))


def cache_directory() -> Path:
    """The directory in which downloaded files are kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("cure-agent")) / f"release-{COMMIT[:7]}"


def _from_checkout(root: Path) -> Callable[[str], str]:
    def read(name: str) -> str:
        try:
            content = (root / name).read_bytes()
        except OSError as error:
            raise ProblemError(
                f"{root}: no checkout of {REPOSITORY}: {name} cannot be read ({error.strerror}); "
                f"give one at commit {COMMIT[:7]} in {ENVIRONMENT}, or unset it to download the four files needed"
            ) from error
        if _digest(content) != FILES[name]:
            raise ProblemError(
                f"{root / name}: not the file of {REPOSITORY} at commit {COMMIT[:7]}; check that commit out"
            )
        return content.decode()

    return read


def _from_cache_or_download(root: Path) -> Callable[[str], str]:
    def read(name: str) -> str:
        place = root / name
        if place.is_file() and _digest(content := place.read_bytes()) == FILES[name]:
            return content.decode()
        content = download(name)
        # The text is complete without the cache; the next run downloads it again.
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place, content)
        return content.decode()

    return read


def download(name: str, base_url: str = RAW) -> bytes:
    """The file of this name, downloaded and checked by its SHA-256.

    Raises ProblemError, saying what to do instead, where the file cannot be downloaded or has another content.
    """
    import http.client
    import urllib.request

    url = f"{base_url}/{name}"
    instead = f"give a checkout of {REPOSITORY} at commit {COMMIT[:7]} in {ENVIRONMENT}"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:
            content: bytes = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise ProblemError(
            f"the wording of the published CURE models is not in the cache, and {url} cannot be downloaded "
            f"({getattr(error, 'reason', error)}); {instead}"
        ) from error
    if _digest(content) != FILES[name]:
        raise ProblemError(f"{url} does not have the expected content; {instead}")
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stage(configuration: str, program: str) -> StageWording:
    """The templates out of one stage's configuration file and of the program beside it."""
    values = _assigned_texts(ast.parse(configuration).body)
    intros = _example_intros(ast.parse(program))
    try:
        return StageWording(
            coder=values["system_prompts"],
            tester=values["system_case_prompts"],
            requirements=values["special_requirements"],
            no_example=intros[ast.Eq, 0],
            one_example=intros[ast.Eq, 1],
            more_examples=intros[ast.Gt, 1],
        )
    except KeyError as error:  # cannot happen at the pinned commit
        raise ProblemError(f"the published configuration lacks {error.args[0]}") from error


def _assigned_texts(statements: list[ast.stmt]) -> dict[str, str]:
    """The text literals that are assigned to names, by name."""
    texts: dict[str, str] = {}
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                texts[name] = text
    return texts


def _example_intros(program: ast.Module) -> dict[tuple[type[ast.cmpop], int], str]:
    """The text assigned to `example_intro` under each condition on the number of examples."""
    intros: dict[tuple[type[ast.cmpop], int], str] = {}
    for node in ast.walk(program):
        match node:
            case ast.If(
                test=ast.Compare(
                    left=ast.Name(id="n_example"), ops=[operator], comparators=[ast.Constant(value=int(n))]
                ),
                body=[ast.Assign(targets=[ast.Name(id="example_intro")], value=ast.Constant(value=str(text))), *_],
            ):
                intros[type(operator), n] = text
    return intros
