import pytest

from agent.solve.settings import Budget, parse_budget
from cure.errors import ProblemError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("50ktok", Budget(tokens=50_000)),
        ("90s", Budget(seconds=90)),
        ("5m, 200k", Budget(tokens=200_000, seconds=300)),
        ("1.5mtok", Budget(tokens=1_500_000)),
    ],
)
def test_a_budget_is_tokens_and_time(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["", "50", "fast", "1$", "-3s"])
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ProblemError, match="50ktok"):
        parse_budget(text)
