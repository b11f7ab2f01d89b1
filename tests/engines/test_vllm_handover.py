"""What the engine over vLLM's servers does itself: writes weights, deals out requests, says what a server lacks.

Needs no vLLM.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs torch and transformers (extra: local)")

import torch
from safetensors.torch import load_file

from engines import Completion, EngineError, Request, TextPrompt
from engines.vllm_local.reload import Checkpoint
from engines.vllm_server.engine import open_server_engine
from engines.vllm_server.handover import SIGHT, remove_weights, write_weights
from engines.vllm_server.host import difference, read_served
from engines.vllm_server.merge import distributed, merged

BASE = Path(__file__).parents[2] / "engines" / "micro-base"
MODELS = {"data": [{"id": "policy", "max_model_len": 512}]}


def tensors():
    return load_file(BASE / "model.safetensors")


def base(tied: bool = False) -> Checkpoint:
    return Checkpoint(BASE, tied)


def written(folder: Path):
    return {name: t for file in sorted(folder.glob("*.safetensors")) for name, t in load_file(file).items()}


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_written_is_what_came_in_files_of_the_size_asked_for(tmp_path):
    whole = write_weights(tmp_path, "step-1", tensors().items(), base(), None)
    assert whole == tmp_path / "weights-step-1" and same(written(whole), tensors())
    parts = write_weights(tmp_path, "step-2", tensors().items(), base(), None, file_bytes=1_000_000)
    assert len(list(parts.glob("*.safetensors"))) > 2 and same(written(parts), tensors())
    assert load_file(parts / SIGHT / "model.safetensors") == {}


def test_weights_are_written_as_the_server_holds_them(tmp_path):
    folder = write_weights(tmp_path, "half", tensors().items(), base(), torch.bfloat16)
    assert same(written(folder), {name: tensor.bfloat16() for name, tensor in tensors().items()})


def test_a_tensor_may_be_gone_when_the_next_is_asked_for(tmp_path):
    def gathered():
        for name, tensor in tensors().items():
            yield name, tensor
            tensor.fill_(float("nan"))

    assert same(written(write_weights(tmp_path, "gathered", gathered(), base(), None)), tensors())


def test_of_tied_weights_one_is_written(tmp_path):
    folder = write_weights(tmp_path, "tied", tensors().items(), base(tied=True), None)
    assert tensors().keys() - written(folder).keys() == {"lm_head.weight"}


def test_a_version_of_any_name_has_a_folder_of_its_own_in_the_directory(tmp_path):
    assert write_weights(tmp_path, "../a b", tensors().items(), base(), None).parent == tmp_path


def test_an_error_on_the_way_leaves_what_was_there(tmp_path):
    before = write_weights(tmp_path, "step-1", tensors().items(), base(), None)

    def gathered():
        yield from list(tensors().items())[:5]
        raise RuntimeError("a rank was lost")

    with pytest.raises(RuntimeError, match="a rank was lost"):
        write_weights(tmp_path, "step-2", gathered(), base(), None)
    with pytest.raises(EngineError, match="no weight was given for"):
        write_weights(tmp_path, "step-1", list(tensors().items())[:5], base(), None)
    assert list(tmp_path.iterdir()) == [before] and same(written(before), tensors())


def test_a_directory_that_takes_nothing_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineError, match=r"file/deeper cannot store the weights: Not a directory"):
        write_weights(tmp_path / "file" / "deeper", "step-1", tensors().items(), base(), None)


def test_a_directory_that_is_lost_on_the_way_is_one_line(tmp_path):
    def gathered():
        yield from tensors().items()
        shutil.rmtree(tmp_path / "weights-step-1.partial")

    with pytest.raises(EngineError, match=r"cannot store the weights: .*No such file") as raised:
        write_weights(tmp_path, "step-1", gathered(), base(), None)
    assert "\n" not in str(raised.value) and not list(tmp_path.iterdir())


def test_all_weights_but_the_newest_are_removed_and_nothing_else(tmp_path):
    for name in ("weights-step-1", "weights-step-2.partial", "weights-step-3", "mine"):
        (tmp_path / name).mkdir()
    remove_weights(tmp_path, tmp_path / "weights-step-3")
    assert {folder.name for folder in tmp_path.iterdir()} == {"weights-step-3", "mine"}
    remove_weights(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_each_server_gets_as_many_requests_of_either_role(count):
    requests = [Request(f"{task}/{role}", TextPrompt("x")) for task in range(30) for role in ("coder", "tester")]
    shares = distributed(requests, count)
    assert sorted(r.key for share in shares for r in share) == sorted(r.key for r in requests)
    for role in ("coder", "tester"):
        assert {sum(r.key.endswith(role) for r in share) for share in shares} == {30 // count}


async def stream(name, waits, closed, error=None):
    try:
        for index, wait in enumerate(waits):
            await asyncio.sleep(wait)
            yield Completion(name, index, "", "stop")
        if error:
            raise error
    finally:
        closed.append(name)


async def test_streams_become_one_as_their_answers_come():
    closed = []
    keys = [c.key async for c in merged([stream("a", [0, 0.1], closed), stream("b", [0.05, 0.1], closed)])]
    assert keys == ["a", "b", "a", "b"] and sorted(closed) == ["a", "b"]
    assert [c async for c in merged([])] == []


async def test_an_error_of_one_stream_ends_all_and_so_does_closing():
    closed = []
    with pytest.raises(EngineError, match="lost"):
        async for _ in merged([stream("a", [0], closed, EngineError("lost")), stream("b", [0, 100], closed)]):
            pass
    assert sorted(closed) == ["a", "b"]
    both = merged([stream("c", [0, 100], closed), stream("d", [0, 100], closed)])
    await anext(both)
    await both.aclose()
    assert sorted(closed) == ["a", "b", "c", "d"]


async def test_a_server_that_is_not_there_is_one_line(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(EngineError, match=rf"cannot reach the vLLM server {url}: ") as raised:
        await open_server_engine(BASE, [url], tmp_path)
    assert "\n" not in str(raised.value)


async def test_a_server_without_the_development_mode_is_told_how_to_start(faulty, tmp_path):
    url = faulty.url("ok").partition("#")[0]
    with pytest.raises(EngineError, match=r"has no /server_info: start the server with VLLM_SERVER_DEV_MODE=1"):
        await open_server_engine(BASE, [url], tmp_path)


async def test_a_web_page_is_no_server(faulty, tmp_path):
    url = faulty.url("ok").partition("#")[0].removesuffix("/v1") + "/nowhere"
    with pytest.raises(EngineError, match=r"/nowhere/v1/models answered 404"):
        await open_server_engine(BASE, [url], tmp_path)


def settings(**changed):
    model = {"model": str(BASE), "max_model_len": 512, "dtype": "torch.bfloat16"}
    return {"vllm_config": {"model_config": {**model, "logprobs_mode": "processed_logprobs", **changed}}}


def test_a_server_that_reports_other_log_probabilities_is_told_how_to_start():
    assert read_served("http://a", MODELS, settings()).dtype == "torch.bfloat16"
    with pytest.raises(EngineError, match=r"reports raw_logprobs.*start it with --logprobs-mode processed_logprobs"):
        read_served("http://a", MODELS, settings(logprobs_mode="raw_logprobs"))
    with pytest.raises(EngineError, match="its answer lacks 'vllm_config'"):
        read_served("http://a", MODELS, {})


def test_another_model_is_known_by_its_sizes_where_they_can_be_seen(tmp_path):
    served = read_served("http://a", MODELS, settings(model=str(tmp_path)))
    assert difference(served, BASE) == ""
    config = json.loads((BASE / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 99}))
    assert f"{tmp_path}, whose num_hidden_layers is 99 where that of {BASE} is" in difference(served, BASE)
