"""Words of identifiers and of sentences, brought to forms that can be compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

CHARACTERS_PER_TOKEN = 3.6

WORD = re.compile(rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*")
"""An identifier or a word in UTF-8."""

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+")
_VOWEL = re.compile("[aeiouy]")
_DOUBLE = re.compile(r"([bdfgklmnprt])\1$")

_FUNCTION_WORDS = """
a about after again all also an and any are as at be because been before being between both but by can cannot could did
do does doing don down during each else even few for from further get gets give given gives had has have having he her
here hers him his how i if in into is it its itself just like made make makes may me more most must my no nor not now of
off on once one only or other ought our out over own same see she should so some still such than that the their them
then there these they this those though through to too under until up upon us use used uses using very want wants was we
were what when where which while who whom why will with without would yet you your instead since however whether neither
either
"""
_KEYWORDS = """
self cls def class return none true false elif except finally lambda pass raise try yield async await import assert
break continue del global nonlocal
"""
STOP = frozenset((_FUNCTION_WORDS + _KEYWORDS).split())
"""Words that say nothing about a place: English function words and Python's keywords."""


def estimate_tokens(text: str) -> int:
    """About how many tokens a model needs for a text: one for 3.6 characters."""
    return -(-len(text) * 10 // int(CHARACTERS_PER_TOKEN * 10))


def parts(identifier: str) -> tuple[str, ...]:
    """The lower-case parts of an identifier: `parse_HTTPHeader2` gives `parse`, `http`, `header`."""
    return tuple(part.lower() for part in _PART.findall(identifier))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of a lower-case English word: equal for `truncate`, `truncated`, `truncation`. Short words stay."""
    if len(word) < 4 or not word.isascii():
        return word
    word = _singular(word)
    for ending, least, instead in _ENDINGS:
        left = word[: len(word) - len(ending)]
        if word.endswith(ending) and len(left) >= least and _VOWEL.search(left):
            word = _DOUBLE.sub(r"\1", left) + instead if not instead else left + instead
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


_ENDINGS = (
    ("ization", 4, ""),
    ("isation", 4, ""),
    ("ational", 3, "at"),
    ("ation", 3, "at"),
    ("izing", 4, ""),
    ("izer", 4, ""),
    ("ized", 4, ""),
    ("ize", 4, ""),
    ("ition", 3, "it"),
    ("ction", 2, "ct"),
    ("sion", 3, "s"),
    ("tion", 3, "t"),
    ("ness", 4, ""),
    ("ment", 4, ""),
    ("able", 4, ""),
    ("ible", 4, ""),
    ("ally", 4, ""),
    ("ing", 3, ""),
    ("ied", 3, "y"),
    ("ed", 3, ""),
    ("er", 4, ""),
    ("or", 4, ""),
    ("ly", 4, ""),
    ("al", 5, ""),
)


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@lru_cache(maxsize=200_000)
def terms(identifier: str) -> tuple[str, ...]:
    """The terms that an identifier or a word stands for: the stems of its parts, and the whole in lower case where it
    has more than one part. Single letters and function words are left out.
    """
    if identifier.islower() and identifier.isalpha():  # most words, and quickly
        return (stem(identifier),) if len(identifier) > 1 and identifier not in STOP else ()
    found = parts(identifier)
    single = tuple(stem(part) for part in found if len(part) > 1 and part not in STOP)
    return (*single, identifier.strip("_").lower()) if len(found) > 1 else single


def counted(words: Iterable[str]) -> dict[str, int]:
    """How often each term occurs in these identifiers and words."""
    counts: Counter[str] = Counter()
    for word, times in Counter(words).items():
        for term in terms(word):
            counts[term] += times
    return dict(counts)


def words_of(sentence: str) -> list[str]:
    """The words and identifiers of a text, in order."""
    return [word.decode("utf-8", "replace") for word in WORD.findall(sentence.encode())]
