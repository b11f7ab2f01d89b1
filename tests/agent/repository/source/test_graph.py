"""References between symbols, and the walk along them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.repository.source import build_index
from agent.repository.source.graph import Graph, build_graph
from tests.agent.repository.source.held import SHOP, Held, held


def references(files: Held) -> set[tuple[str, str]]:
    graph = build_graph(build_index(files).parsed_all(files.paths))
    names = [_name(files, path, number) for path, number in graph.nodes]
    return {(names[source], names[target]) for source, target, _ in graph.references()}


def _name(files: Held, path: str, number: int) -> str:
    return build_index(files).parsed(path).symbols[number].name or path


def test_functions_refer_to_what_they_call_and_name() -> None:
    found = references(SHOP)
    assert {("formatted", "rounded"), ("rounded", "PLACES"), ("receipt", "formatted"), ("receipt", "Basket")} <= found
    assert ("receipt", "Basket.total") in found, "a method by its name"
    assert ("test_receipts_show_the_total", "receipt") in found


def test_imports_decide_what_a_name_means() -> None:
    files = held(
        pkg__a="def work(): ...\n",
        pkg__b="def work(): ...\n",
        pkg__user="from .a import work as job\ndef use(): return job()\n",
        pkg__other="from pkg.b import *\ndef call(): return work()\n",
        pkg__lone="def alone(work): return work()\n",
    )
    index = build_index(files)
    graph = build_graph(index.parsed_all(files.paths))
    paths = {(graph.nodes[source][0], graph.nodes[target][0]) for source, target, _ in graph.references()}
    assert ("pkg/user.py", "pkg/a.py") in paths and ("pkg/user.py", "pkg/b.py") not in paths
    assert ("pkg/other.py", "pkg/b.py") in paths and ("pkg/other.py", "pkg/a.py") not in paths
    assert not [pair for pair in paths if pair[0] == "pkg/lone.py"], "a parameter is nobody's function"


def test_a_method_of_the_same_class_comes_before_others_of_its_name() -> None:
    files = held(
        a="class A:\n    def go(self): return self.step()\n    def step(self): ...\n",
        b="class B:\n    def step(self): ...\n",
    )
    assert ("A.go", "A.step") in references(files) and ("A.go", "B.step") not in references(files)


@given(st.integers(1, 8).flatmap(_graphs := lambda n: st.tuples(
    st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.floats(0.01, 1)), max_size=20),
    st.lists(st.floats(0, 5), min_size=n, max_size=n),
)))  # fmt: skip
def test_a_walk_shares_out_all_of_the_weight(case: tuple[list[tuple[int, int, float]], list[float]]) -> None:
    edges, seeds = case
    columns = list(zip(*edges, strict=True)) or [(), (), ()]
    graph = Graph(
        [("a.py", number) for number in range(len(seeds))],
        np.array(columns[0], np.int64),
        np.array(columns[1], np.int64),
        np.array(columns[2], float),
    )
    reached = graph.walk(np.array(seeds))
    assert (reached >= 0).all()
    assert abs(float(reached.sum()) - (1 if sum(seeds) > 0 else 0)) < 1e-9


def test_weight_reaches_what_is_used_and_stays_away_from_the_rest() -> None:
    graph = Graph([("a.py", n) for n in range(4)], np.array([0, 1]), np.array([1, 2]), np.array([1.0, 1.0]))
    reached = graph.walk(np.array([1.0, 0, 0, 0]))
    assert reached[0] > reached[1] > reached[2] > reached[3] == 0
