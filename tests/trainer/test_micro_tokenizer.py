"""The micro tokenizer: exact round trips, single digits, the same after loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cure.prompts.micro import END, PAD, SPECIAL_TOKENS
from trainer.micro.answers import Noise, text

pytestmark = pytest.mark.local
pytest.importorskip("transformers", reason="the micro tokenizer needs transformers")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from trainer.micro.tokenizer import build

    return build(item.prompt + item.completion for item in (text(0, i, Noise()) for i in range(1500)))


@given(st.text())
@example("```python\na = list(map(int, input().split()))\nprint(sum(a))\n```")
@example("  two  spaces\t\r\n naïve 数 \x00 <|coder| >")
@example("<|coder|>even<|answer|>")
def test_any_text_comes_back_exactly(tokenizer: Any, written: str) -> None:
    assert tokenizer.decode(tokenizer(written)["input_ids"]) == written


def test_every_digit_is_a_token_of_its_own(tokenizer: Any) -> None:
    ids = tokenizer("123 45 6")["input_ids"]
    assert [tokenizer.decode([token]) for token in ids] == ["1", "2", "3", " 4", "5", " 6"]
    assert max(sum(map(str.isdigit, tokenizer.decode([token]))) for token in range(10, len(tokenizer))) <= 2


def test_special_tokens_are_single_ids_and_can_be_skipped(tokenizer: Any) -> None:
    assert tokenizer.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == list(range(len(SPECIAL_TOKENS)))
    assert (tokenizer.eos_token, tokenizer.pad_token) == (END, PAD)
    ids = tokenizer(f"print{END}")["input_ids"]
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(ids, skip_special_tokens=True) == "print"


def test_the_familys_texts_are_short(tokenizer: Any) -> None:
    items = [text(1, i, Noise()) for i in range(200)]
    lengths = [len(tokenizer(item.prompt + item.completion)["input_ids"]) for item in items]
    assert 300 <= len(tokenizer) <= 600
    assert sum(lengths) / len(lengths) < 100
    assert max(lengths) <= 160


def test_it_loads_with_auto_tokenizer_beside_the_models_configuration(tokenizer: Any, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from trainer.micro.model import new_model

    new_model(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id).config.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    for i in range(50):
        written = text(2, i, Noise()).prompt
        assert loaded(written)["input_ids"] == tokenizer(written)["input_ids"]
