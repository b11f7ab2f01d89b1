import pytest

from agent.solve.settings import Budget


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
    assert Budget.model_validate(text) == budget


@pytest.mark.parametrize("text", ["", "50", "fast", "1$", "-3s"])
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="50ktok"):
        Budget.model_validate(text)
