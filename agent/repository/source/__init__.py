"""Finds the code that a task is about.

`build_index` reads the words of all files (`skip`, `word_table`), and on demand the symbols of Python files (`parse`,
by `outline_tree_sitter` or `outline_ast`); `cache` keeps both. `localise` ranks symbols for a task in words, `render`
shows the best in full with outlines around them. `context` says what is around one symbol, `instructions` what the
repository asks of those who change it, and `with_votes` joins the ranking with what a model says.
"""

from __future__ import annotations

from agent.repository.source.cache import cache_folder
from agent.repository.source.index import Index, build_index
from agent.repository.source.places import Localised, Place, is_test
from agent.repository.source.ranking import localise
from agent.repository.source.repository_map import render, shown_in_full
from agent.repository.source.symbols import Import, Parsed, Symbol
from agent.repository.source.votes import with_votes
from agent.repository.source.words import estimate_tokens

__all__ = [
    "Import",
    "Index",
    "Localised",
    "Parsed",
    "Place",
    "Symbol",
    "build_index",
    "cache_folder",
    "estimate_tokens",
    "is_test",
    "localise",
    "render",
    "shown_in_full",
    "with_votes",
]
