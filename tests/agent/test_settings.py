import pytest

from agent.solve.settings import Budget, SolveOptions, SolveSettings


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


def test_settings_are_recorded_as_they_always_were() -> None:
    """`earlier` is what was recorded when the classes of settings were dataclasses."""
    earlier = {"coder": "a", "tester": "micro", "coder_style": "micro", "tester_style": "micro", "n": 3, "m": 8}
    earlier |= {"rounds": 3, "budget": {"tokens": 50_000, "seconds": 90.0}, "seed": 0, "temperature": 1.0, "top_p": 1.0}
    earlier |= {"max_tokens": 4096, "comparison": "tokens", "selector": "agreement", "extraction": "robust"}
    earlier |= {"confident": 0.85}
    earlier["budget"] |= {"dollars": None}  # which a record may lack
    settings = SolveSettings(coder="a", n=3, budget=Budget(tokens=50_000, seconds=90), selector="agreement")
    assert settings.model_dump().items() >= earlier.items()
    assert SolveSettings.model_validate(earlier) == settings


def test_one_model_answers_in_both_roles_unless_they_are_named_apart() -> None:
    both, apart = SolveOptions(model="micro-base"), SolveOptions(tester="micro-base", style="chat")
    assert (both.settings().coder, both.settings().tester) == ("micro-base", "micro-base")
    assert (apart.settings().coder, apart.settings().tester) == ("micro", "micro-base")
    assert apart.settings().coder_style == apart.settings().tester_style == "chat"
