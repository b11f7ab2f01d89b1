"""The bundled base checkpoint: small, fit for vLLM, and of an accuracy that leaves room to learn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.cure.test_judging import CountingSandbox

BUNDLED = Path(__file__).parents[2] / "engines" / "micro-base"

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    safetensors = pytest.importorskip("safetensors.torch", reason="reading the checkpoint needs safetensors and torch")
    loaded: dict[str, Any] = safetensors.load_file(BUNDLED / "model.safetensors")
    return loaded


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((BUNDLED / "config.json").read_text())
    return loaded


def test_it_is_small(weights: dict[str, Any]) -> None:
    assert sum(tensor.numel() for tensor in weights.values()) <= 3_000_000
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) <= 8_000_000


def test_heads_are_64_wide_and_embeddings_untied(config: dict[str, Any], weights: dict[str, Any]) -> None:
    assert config["head_dim"] == 64
    assert config["tie_word_embeddings"] is False
    assert not weights["lm_head.weight"].equal(weights["model.embed_tokens.weight"])


def test_the_record_is_of_these_weights() -> None:
    record = json.loads((BUNDLED / "manifest.json").read_text())
    assert record["sha256"] == hashlib.sha256((BUNDLED / "model.safetensors").read_bytes()).hexdigest()
    assert record["command"] in (BUNDLED / "README.md").read_text()


def test_its_tokenizer_is_the_one_the_warm_up_builds() -> None:
    pytest.importorskip("transformers", reason="the micro tokenizer needs transformers")
    from tokenizers import Tokenizer

    from trainer.micro.answers import text
    from trainer.micro.tokenizer import build
    from trainer.micro.warmup import TOKENIZER_TEXTS, WarmupConfig

    settings = WarmupConfig(seed=json.loads((BUNDLED / "manifest.json").read_text())["config"]["seed"])
    texts = (text(settings.seed, -1 - i, settings.noise, settings.mix) for i in range(TOKENIZER_TEXTS))
    built = build(item.prompt + item.completion for item in texts)
    assert built.get_vocab() == Tokenizer.from_file(str(BUNDLED / "tokenizer.json")).get_vocab()


def test_transformers_gives_the_same_greedy_tokens_as_the_bundled_engine() -> None:
    pytest.importorskip("transformers", reason="the comparison needs transformers")
    import asyncio

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from cure.prompts.micro import STOP, tester_prompt
    from engines import Completion, Request, Sampling, open_engine
    from trainer.micro.problems import problem

    prompts = [tester_prompt(problem(2, "heldout", i)) for i in range(4)]
    model = AutoModelForCausalLM.from_pretrained(BUNDLED, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED, local_files_only=True)

    async def ask() -> list[Completion]:
        engine = await open_engine("micro-base")
        try:
            sampling = Sampling(temperature=0.0, max_tokens=100, stop=STOP)
            requests = [Request(str(i), prompt, 1, sampling) for i, prompt in enumerate(prompts)]
            return sorted([done async for done in engine.complete(requests)], key=lambda done: int(done.key))
        finally:
            await engine.close()

    for prompt, completion in zip(prompts, asyncio.run(ask()), strict=True):
        ids = tokenizer(prompt.text, return_tensors="pt")
        with torch.no_grad():
            written = model.generate(**ids, max_new_tokens=100, do_sample=False)[0, ids["input_ids"].shape[1] :]
        assert tokenizer.decode(written, skip_special_tokens=True) == completion.text
        assert completion.finish == "stop"


@pytest.mark.slow
@pytest.mark.bubblewrap
async def test_its_accuracy_leaves_room_to_learn(require: Callable[[str, str], NoReturn]) -> None:
    """Intended accuracies: programs 0.5 to 0.65, tests 0.25 to 0.45; the bounds allow for noise of 48 x 8 samples."""
    from engines import open_engine
    from sandbox import SandboxUnavailable, open_sandbox
    from trainer.micro.evaluation import MicroEvaluationConfig, evaluate

    try:
        box = await open_sandbox("auto")
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    engine = await open_engine("micro-base")
    try:
        sampled = await evaluate(engine, box, MicroEvaluationConfig())
        greedy = await evaluate(engine, box, MicroEvaluationConfig(temperature=0.0, samples=1, problems=96))
    finally:
        await engine.close()
        await box.close()
    assert 0.45 <= sampled.code <= 0.70, sampled
    assert 0.22 <= sampled.test <= 0.48, sampled
    assert sampled.repair >= 0.5, sampled
    assert sampled.best_of_n > sampled.code, sampled
    assert sampled.code_unextracted < 0.1 and sampled.test_unextracted < 0.1, sampled
    # Greedy answers are much better than sampled ones, so training can gain by making them more probable.
    assert greedy.code > sampled.code + 0.2, (sampled, greedy)
    assert greedy.test > sampled.test + 0.3, (sampled, greedy)


async def test_an_execution_on_which_the_sandbox_failed_is_no_wrong_answer() -> None:
    from engines import open_engine
    from sandbox import Execution, Job, SandboxError, Verdict, open_sandbox
    from trainer.micro.evaluation import MicroEvaluationConfig, evaluate

    class Losing(CountingSandbox):
        async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
            async for execution in self.inner.run(jobs):
                yield replace(execution, verdict=Verdict.SANDBOX_ERROR, reason="the engine is gone")

    losing = Losing(await open_sandbox("none", slots=1))
    engine = await open_engine("micro-base")
    try:
        with pytest.raises(SandboxError, match=r"failed on .* executions: the engine is gone"):
            await evaluate(engine, losing, MicroEvaluationConfig(problems=1, samples=1))
    finally:
        await engine.close()
        await losing.close()


async def test_an_answer_on_which_the_engine_failed_is_no_wrong_answer(tmp_path: Path) -> None:
    from engines import EngineError, open_engine
    from sandbox import open_sandbox
    from trainer.micro.evaluation import MicroEvaluationConfig, evaluate

    prepared = [{"key": "repair-1", "error": "429: slow down"}, {"text": "", "repeat": True}]
    (tmp_path / "model.json").write_text(json.dumps(prepared))
    engine = await open_engine(f"scripted:{tmp_path / 'model.json'}")
    box = await open_sandbox("none", slots=1)
    try:
        with pytest.raises(EngineError, match="failed on 1 of 6 answers: 429: slow down"):
            await evaluate(engine, box, MicroEvaluationConfig(problems=2, samples=1))
    finally:
        await engine.close()
        await box.close()
