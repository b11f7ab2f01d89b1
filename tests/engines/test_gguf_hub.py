"""GGUF files of the Hugging Face hub: which file is meant, downloads that break, what is kept in the cache."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines import EngineError, GgufOptions, ModelSpecError, is_downloaded, named_models, open_engine
from engines.gguf.hub import download, find_in_cache
from engines.gguf.reference import HubFile, LocalFile, choose, parse_reference, quants
from engines.hub import Stopped
from tests.engines.hub_server import HubServer

REPO = "Some/Model-GGUF"
SIZE = 5 << 20


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Files of a repository, with arbitrary content."""
    folder = tmp_path / "published"
    folder.mkdir()
    names = ("model-q4_k_m.gguf", "model-q8_0.gguf", "big-f16-00001-of-00002.gguf", "big-f16-00002-of-00002.gguf")
    for number, name in enumerate(names):
        (folder / name).write_bytes(bytes([number]) * SIZE)
    (folder / "README.md").write_text("read me")
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture
def hub(files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The hub that downloads come from, with an empty cache."""
    with HubServer({REPO: files}) as server:
        ask(server.url, monkeypatch)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        yield server


def ask(url: str, patch: pytest.MonkeyPatch) -> None:
    """Send all requests meant for the hub to `url`, as HF_ENDPOINT does for a new process."""
    patch.setattr("huggingface_hub.constants.ENDPOINT", url)
    form = url + "/{repo_id}/resolve/{revision}/{filename}"
    patch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", form)


def fetched(wanted: HubFile, stop: threading.Event | None = None, seen: list[int] | None = None) -> list[bytes]:
    """The contents of the downloaded files. A non-empty `seen` gets the bytes that have arrived at each report."""
    found = download("gguf:x", wanted, lambda _, have, __: (seen or []).append(have), stop or threading.Event())
    return [path.read_bytes() for path in found.paths]


def partial_files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache").glob("**/*.partial"))


def ranges(hub: HubServer) -> list[str]:
    return [line.rpartition("bytes=")[2] for line in hub.requests if line.startswith("GET") and "resolve" in line]


def test_the_quantisation_chooses_the_file_and_the_cache_keeps_it(hub, files) -> None:
    assert find_in_cache(HubFile(REPO)) is None
    assert fetched(HubFile(REPO)) == [files["model-q4_k_m.gguf"].read_bytes()]
    assert fetched(HubFile(REPO, quant="Q8_0")) == [files["model-q8_0.gguf"].read_bytes()]
    asked = len(hub.requests)
    found = find_in_cache(HubFile(REPO, quant="q8_0"))
    assert found is not None and found.paths[0].name == "model-q8_0.gguf"
    assert found.version == hub.digests[files["model-q8_0.gguf"]]
    assert find_in_cache(HubFile(REPO, hub.commit, "q8_0")) == found
    assert len(hub.requests) == asked


def test_all_parts_of_a_split_model_are_downloaded(hub, files) -> None:
    parts = [files["big-f16-00001-of-00002.gguf"], files["big-f16-00002-of-00002.gguf"]]
    assert fetched(HubFile(REPO, quant="f16")) == [part.read_bytes() for part in parts]


def test_a_broken_transfer_is_continued_where_it_broke(hub, files, tmp_path) -> None:
    hub.cut_after = [1 << 20, 2 << 20]
    assert fetched(HubFile(REPO)) == [files["model-q4_k_m.gguf"].read_bytes()]
    assert ranges(hub) == ["0-", f"{1 << 20}-", f"{3 << 20}-"]
    assert not partial_files(tmp_path)


def test_an_interrupted_download_is_completed_by_the_next_call(hub, files, tmp_path) -> None:
    stop, seen = threading.Event(), []

    def report(_: str, have: int, __: int) -> None:
        seen.append(have)
        if have >= 2 << 20:
            stop.set()

    with pytest.raises(Stopped):
        download("gguf:x", HubFile(REPO), report, stop)
    (partial,) = partial_files(tmp_path)
    kept = partial.stat().st_size
    assert 2 << 20 <= kept < SIZE
    assert find_in_cache(HubFile(REPO)) is None
    assert fetched(HubFile(REPO)) == [files["model-q4_k_m.gguf"].read_bytes()]
    assert ranges(hub)[-1] == f"{kept}-"


def test_a_server_without_ranges_begins_anew(hub, files) -> None:
    hub.cut_after, hub.ranges = [1 << 20], False
    assert fetched(HubFile(REPO)) == [files["model-q4_k_m.gguf"].read_bytes()]


def test_a_wrong_checksum_keeps_nothing(hub, tmp_path) -> None:
    hub.corrupt = True
    with pytest.raises(EngineError, match=r"arrived with SHA-256 .* instead of .*: nothing kept, try again"):
        fetched(HubFile(REPO, quant="q8_0"))
    assert not partial_files(tmp_path)
    assert find_in_cache(HubFile(REPO, quant="q8_0")) is None


def test_a_file_other_than_the_pinned_one_is_not_downloaded(hub) -> None:
    with pytest.raises(EngineError, match=r"the hub publishes model-q8_0.gguf with SHA-256 .*, not the known"):
        fetched(HubFile(REPO, hub.commit, "model-q8_0.gguf", "0" * 64))
    assert not ranges(hub)


def test_a_server_that_breaks_off_again_and_again_is_given_up(hub, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("engines.hub._TRIES", 2)
    hub.cut_after = [1 << 20, *[0] * 20]
    with pytest.raises(EngineError, match=r"cannot be downloaded: .*"):
        fetched(HubFile(REPO))
    assert [path.stat().st_size for path in partial_files(tmp_path)] == [1 << 20]


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (HubFile(REPO, quant="q5_0"), f"{REPO} has no q5_0; it has f16, q4_k_m, q8_0"),
        (HubFile("Some/Other"), "the hub has no repository Some/Other"),
        (HubFile(REPO, "v2"), f"{REPO} has no revision v2"),
        (HubFile(REPO, "c" * 40, "gone.gguf", "0" * 64), f"{REPO} has no file gone.gguf at revision {'c' * 40}"),
    ],
)
def test_what_the_hub_does_not_have_is_named(hub, wanted, error) -> None:
    with pytest.raises(EngineError) as raised:
        fetched(wanted)
    assert error in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_a_network_the_error_says_so_in_one_line(hub, monkeypatch) -> None:
    ask("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(
        EngineError, match="not in the hub's cache on this machine, and it cannot be downloaded"
    ) as raised:
        fetched(HubFile(REPO))
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 5


async def test_a_model_of_the_hub_answers_and_says_which_file_it_is(hub, files, tiny_gguf) -> None:
    files["model-q4_k_m.gguf"].write_bytes(content := tiny_gguf.read_bytes())
    with HubServer({REPO: files}) as server, pytest.MonkeyPatch.context() as patch:
        ask(server.url, patch)
        engine = await open_engine(f"gguf:{REPO}", GgufOptions(threads=1))
        assert (engine.spec, engine.model) == (f"gguf:{REPO}", f"gguf:{REPO}:q4_k_m")
        assert server.contents[files["model-q4_k_m.gguf"]] == content
        await engine.close()


async def test_cancelling_an_open_stops_the_download(hub, tmp_path, tiny_gguf, monkeypatch) -> None:
    monkeypatch.setattr("engines.hub._PIECE_BYTES", 1 << 12)
    opening = asyncio.ensure_future(open_engine(f"gguf:{REPO}"))
    while not any(path.stat().st_size for path in partial_files(tmp_path)):
        await asyncio.sleep(0.01)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await asyncio.get_running_loop().shutdown_default_executor()
    assert [path.stat().st_size < SIZE for path in partial_files(tmp_path)] == [True]


def test_a_named_model_is_downloaded_once_it_is_in_the_cache(hub, tmp_path, files) -> None:
    model = named_models()[0]
    assert not is_downloaded(model)
    folder = tmp_path / "cache" / f"models--{model.repo.replace('/', '--')}" / "snapshots" / model.revision
    folder.mkdir(parents=True)
    (folder / model.file).write_bytes(b"GGUF")
    assert is_downloaded(model)
    found = find_in_cache(parse_reference(model.name, model.name))
    assert found is not None and (found.paths[0].name, found.version) == (model.file, model.sha256)


NAMES = [
    "Model-Q4_K_M.gguf",
    "Model-UD-Q4_K_M.gguf",
    "Model-BF16-00001-of-00002.gguf",
    "Model-BF16-00002-of-00002.gguf",
    "Model-Q6_K-00001-of-00002.gguf",
    "folder/Model-Q2_K.gguf",
    "mmproj-F16.gguf",
    "README.md",
]


@pytest.mark.parametrize(
    ("names", "quant", "expected"),
    [
        (NAMES, "", ("Model-Q4_K_M.gguf",)),
        (NAMES, "q4_k_m", ("Model-Q4_K_M.gguf",)),
        (NAMES, "UD-Q4_K_M", ("Model-UD-Q4_K_M.gguf",)),
        (NAMES, "bf16", ("Model-BF16-00001-of-00002.gguf", "Model-BF16-00002-of-00002.gguf")),
        (NAMES, "Q6_K", ()),
        (NAMES, "q2_k", ("folder/Model-Q2_K.gguf",)),
        (NAMES, "model-q2_k.gguf", ("folder/Model-Q2_K.gguf",)),
        (NAMES, "f16", ()),
        (["only.gguf"], "", ("only.gguf",)),
        (["a-q8_0.gguf", "a-q8_0-00001-of-00001.gguf"], "q8_0", ("a-q8_0.gguf",)),
        (["a-q8_0.gguf", "a-q5_0.gguf"], "", ()),
    ],
)
def test_a_quantisation_or_a_name_chooses_files(names, quant, expected) -> None:
    assert choose(names, quant) == expected


def test_the_choice_is_listed_by_quantisation() -> None:
    assert quants(NAMES) == ["BF16", "Q2_K", "Q4_K_M", "UD-Q4_K_M"]
    assert quants(["odd.gguf"]) == ["odd.gguf"]


def test_references_are_paths_or_repositories(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a:b.gguf").touch()
    assert parse_reference("", "a:b.gguf") == LocalFile(Path("a:b.gguf"))
    assert parse_reference("", "Qwen/M-GGUF") == HubFile("Qwen/M-GGUF")
    assert parse_reference("", "Qwen/M-GGUF@v1.2:Q8_0") == HubFile("Qwen/M-GGUF", "v1.2", "Q8_0")
    for missing in ("./Qwen/M", "/Qwen/M", "~/x.gguf", "x.gguf", "models/x.gguf", "a/b/c", "Qwen/M:q4:x"):
        with pytest.raises(ModelSpecError, match=r"there is no file .*, and a repository of the hub has the form"):
            parse_reference("gguf:x", missing)
