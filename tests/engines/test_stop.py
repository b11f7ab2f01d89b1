"""Stop strings in growing text."""

from hypothesis import given
from hypothesis import strategies as st

from engines.stop import cut_at_stop, held_back

letters = st.text("ab", max_size=12)
stops = st.lists(st.text("ab", min_size=1, max_size=3), max_size=3)


@given(letters, stops)
def test_the_text_ends_before_the_first_stop_string(text, stop):
    kept, stopped = cut_at_stop(text, stop)
    assert text.startswith(kept)
    assert stopped == any(word in text for word in stop)
    assert not any(word in kept for word in stop)


@given(letters, letters, stops)
def test_what_is_shown_of_a_growing_text_is_never_taken_back(text, more, stop):
    if any(word in text for word in stop):
        return
    shown = text[: len(text) - held_back(text, stop)]
    final, _ = cut_at_stop(text + more, stop)
    assert final.startswith(shown)
