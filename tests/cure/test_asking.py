import itertools

from hypothesis import given
from hypothesis import strategies as st

from cure.asking import missing_parts
from engines import Request, Sampling, TextPrompt, consecutive


def request(n: int, seed: int | None = 7) -> Request:
    return Request("coder/1", TextPrompt("write"), n, Sampling(seed=seed, temperature=0.5, stop=("x",)))


def test_a_request_of_which_nothing_is_there_is_asked_as_it_is() -> None:
    (part,) = missing_parts(request(4), ())
    assert (part.request, part.first) == (request(4), 0)


def test_nothing_is_asked_where_everything_is_there() -> None:
    assert missing_parts(request(3), {0, 1, 2}) == []


def test_a_request_without_seed_stays_without() -> None:
    (part,) = missing_parts(request(2, seed=None), {0})
    assert part.request.sampling.seed is None


@given(st.integers(0, 12), st.sets(st.integers(0, 12)))
def test_the_parts_ask_once_for_each_missing_sample_with_the_seed_it_has_in_the_whole(n: int, have: set[int]) -> None:
    whole = request(n)
    parts = missing_parts(whole, have)
    asked = [(part.first + i, part.request.sampling.seed + i) for part in parts for i in range(part.request.n)]  # type: ignore[operator]
    assert asked == [(index, 7 + index) for index in range(n) if index not in have]
    assert len({part.request.key for part in parts}) == len(parts)
    assert all(part.request.prompt == whole.prompt and part.request.sampling.stop == ("x",) for part in parts)


@given(st.sets(st.integers(0, 30)))
def test_runs_of_indices_hold_them_all_and_never_touch(indices: set[int]) -> None:
    found = consecutive(sorted(indices))
    assert [first + i for first, count in found for i in range(count)] == sorted(indices)
    assert all(first + count < later for (first, count), (later, _) in itertools.pairwise(found))
