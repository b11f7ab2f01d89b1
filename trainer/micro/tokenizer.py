"""The micro tokenizer: frequent words and program fragments as single tokens, bytes for everything else.

It is a BPE without merges (`ignore_merges`): a piece in the vocabulary is one token, any other piece is divided into
its bytes, so that every text is decoded exactly. Numbers are divided into their digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cure.prompts.micro import END, PAD, SPECIAL_TOKENS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 576
"""Maximum number of tokens; texts with few distinct pieces give fewer."""
FRAGMENTS = (
    "```python\na = list(map(int, input().split()))\n",
    "**Test Input:**\n```\n",
    "\n```\n**Test Output:**\n```\n",
    "\n```\n**Explanation:** as worked out above",
    "a = list(map(int, input().split()))\n",
    "a = [x for x in a if x",
    " for x in a]",
    "a = [",
    "a = sorted(a",
    "a = list(dict.fromkeys(a))",
    ", reverse=True)",
    " for x, y in zip(a, a[1:])]",
    "[sum(a[:i + 1]) for i in range(len(a))]",
    "[abs(x - y)",
    "[x + y",
    "print(",
    "max(a or [",
    "min(a or [",
    "sum(a)",
    "len(a)",
    "(a or [",
    "\n```",
    "a = a[",
    " + a[",
    "abs(x - ",
    "])",
    "])[",
    "::",
    "x + ",
    "x * ",
    "x % ",
    "x // ",
    "Input:",
)
"""Strings that are one piece of a text although they contain spaces and signs; frequent ones become single tokens."""

_PIECE = r" ?[A-Za-z]+| ?\d|\n| ?[^\sA-Za-z0-9]+|\s+"


def piece_pattern() -> str:
    """A regular expression whose matches are the pieces of a text and cover all of it."""
    fragments = sorted(FRAGMENTS, key=lambda fragment: (-len(fragment), fragment))
    return "|".join([*map(re.escape, fragments), _PIECE])


def build(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """The tokenizer whose word tokens are the most frequent pieces of `texts`."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    byte_letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    splitter = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(piece_pattern()), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    special = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))
    counts: Counter[str] = Counter()
    for text in texts:
        for part in special.split(text):
            counts.update(piece for piece, _ in splitter.pre_tokenize_str(part))
    words = VOCABULARY - len(SPECIAL_TOKENS) - len(byte_letters)
    frequent = sorted((p for p in counts if len(p) > 1), key=lambda piece: (-counts[piece], piece))[:words]
    vocabulary = {token: i for i, token in enumerate([*SPECIAL_TOKENS, *byte_letters, *frequent])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers is partly untyped
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[token for token in SPECIAL_TOKENS if token not in (END, PAD)],
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_input_names=["input_ids", "attention_mask"],
    )
