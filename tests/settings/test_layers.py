"""The highest layer that names a key gives the key's value, and is the value's origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from settings.layers import Given, given_at, layer, merge, values_of

KEYS = st.sampled_from(["n", "m", "seed", "model"])
VALUES = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
FLAT = st.dictionaries(KEYS, VALUES, max_size=4)
NESTED = st.dictionaries(st.sampled_from(["solve", "eval", "http"]), FLAT, max_size=3)


@given(st.lists(NESTED, max_size=5))
def test_the_highest_layer_that_names_a_key_wins_and_is_its_origin(tables: list[dict[str, dict[str, Any]]]) -> None:
    tree = merge([layer(table, f"layer {number}") for number, table in enumerate(tables)])
    named = {(name, key) for table in tables for name, keys in table.items() for key in keys}
    for name, key in named:
        highest = max(number for number, table in enumerate(tables) if key in table.get(name, {}))
        (found,) = given_at(tree, [name, key])
        assert found == Given(tables[highest][name][key], f"layer {highest}")
    assert {(name, key) for name, keys in values_of(tree).items() for key in keys} == named


@given(NESTED)
def test_a_single_layer_is_what_it_was_made_of(table: dict[str, dict[str, Any]]) -> None:
    assert values_of(layer(table, "here")) == table


def test_a_table_named_as_a_whole_is_replaced_and_any_other_is_completed() -> None:
    under = layer({"policies": {"a": 1}, "loss": {"kind": "ppo"}}, "under")
    over = layer({"policies": {"b": 2}, "loss": {"kl": "k1"}}, "over")
    assert values_of(merge([under, over], whole=["policies"])) == {
        "policies": {"b": 2},
        "loss": {"kind": "ppo", "kl": "k1"},
    }


def test_a_value_over_a_table_and_a_table_over_a_value_replace_each_other() -> None:
    tables: list[Mapping[str, Any]] = [{"budget": {"tokens": 5}}, {"budget": "90s"}, {"budget": {"seconds": 3}}]
    layers = [layer(table, "") for table in tables]
    assert values_of(merge(layers[:2])) == {"budget": "90s"}
    assert values_of(merge(layers)) == {"budget": {"seconds": 3}}
