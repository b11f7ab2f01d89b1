"""All that speaks for each symbol of an index as the place of a task, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.features import around, named, scaled, shapes
from agent.repository.source.feedback import further_terms
from agent.repository.source.graph import Graph, Node, build_graph
from agent.repository.source.index import Index
from agent.repository.source.lexical import Fit, bm25f, by_hash
from agent.repository.source.mentions import find_mentions
from agent.repository.source.named import Named, named_files, named_symbols
from agent.repository.source.symbols import Parsed, Symbol
from agent.repository.source.term_counts import corpus, hashed
from agent.repository.source.word_table import bm25
from agent.repository.source.words import STOP, terms, words_of

Floats = NDArray[np.float64]

DEEP = 120
"""Files whose symbols are looked at, best first by their words: all of a small repository."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for each symbol; every feature has one number per node of the graph, most from 0 to 1:

    - `text`, `further`: how well the symbol's text fits the task, and the terms that the best texts share (1: best)
    - `file`: how well the words of its file fit, among all files
    - `line`, `code`, `word`, `named_file`: whether the task names a line of it, its name as code, its name as a plain
      word, its file
    - `reached`: how often a reader who begins at fitting texts comes by along references; `tested`: whether a test that
      the task names uses it; `parent`: how well its class fits
    - `long`, `used`, `private`: logarithms of its lines and of references to it, and whether its name has an underscore
    - `test`, `aside`, `class`, `module`, `variable`: what it is
    """

    graph: Graph
    parsed: Mapping[str, Parsed]
    files: tuple[str, ...]
    """All paths, best first by their words."""
    features: Mapping[str, Floats]
    fit: Fit
    """How well the texts fit, by terms."""
    terms: Mapping[int, str]
    """The terms of the task by their hashes."""
    said: Mapping[Node, Sequence[Named]]
    """How the task names symbols and their files."""

    def symbol(self, number: int) -> Symbol:
        """The symbol of a node."""
        path, at = self.graph.nodes[number]
        return self.parsed[path].symbols[at]


def question(task: str) -> dict[str, float]:
    """The terms of a task and what each counts: more where it occurs again."""
    counts: dict[str, int] = {}
    for word in words_of(task):
        for term in terms(word):
            counts[term] = counts.get(term, 0) + 1
    return {term: min(count, 3) ** 0.5 for term, count in sorted(counts.items()) if term not in STOP}


def gather(index: Index, task: str, failing: Sequence[str] = ()) -> Evidence:
    """The evidence for a task, in the symbols of the files that fit it best."""
    whole = "\n".join([task, *failing])
    mentions, query = find_mentions(whole), question(whole)
    by_words = _file_scores(index, query)
    of_files = named_files(index, mentions)
    parsed = index.parsed_all(_deep(index, by_words, of_files))
    graph = build_graph(parsed)
    symbols = [parsed[path].symbols[number] for path, number in graph.nodes]
    texts = corpus([(parsed[path].terms, len(parsed[path].symbols)) for path in sorted(parsed)])
    fit = bm25f(texts, query)
    known = {hashed(term.encode()): term for term in query}
    said = named_symbols(parsed, mentions, whole, index)
    for node in graph.nodes:
        if node[0] in of_files:
            said.setdefault(node, []).append(of_files[node[0]])
    features = {
        "text": scaled(fit.total),
        "further": scaled(by_hash(texts, further_terms(texts, fit.total, known)).total),
        "file": np.array([by_words[path] for path, _ in graph.nodes]),
        **shapes(graph, symbols),
        **named(graph, said),
    }
    features |= around(graph, symbols, features)
    files = tuple(_best_first(by_words))
    return Evidence(graph=graph, parsed=parsed, files=files, features=features, fit=fit, terms=known, said=said)


def _file_scores(index: Index, query: Mapping[str, float]) -> dict[str, float]:
    scores = scaled(bm25(index.words, list(index.rows.values()), query))
    return dict(zip(index.rows, scores.tolist(), strict=True))


def _deep(index: Index, by_words: Mapping[str, float], of_files: Mapping[str, Named]) -> list[str]:
    """The Python files to look into: those that the task names, then the best by their words."""
    python = set(index.python)
    order = [path for path in _best_first(by_words) if path in python]
    chosen = dict.fromkeys([*(path for path in order if path in of_files), *order])
    return sorted(list(chosen)[:DEEP])


def _best_first(by_words: Mapping[str, float]) -> list[str]:
    """The paths, those with the best scores first, equal ones in the order of their names."""
    paths = sorted(by_words)
    order = np.argsort([-by_words[path] for path in paths], kind="stable")
    return [paths[number] for number in order.tolist()]
