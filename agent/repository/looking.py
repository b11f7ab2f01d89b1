"""Where a run looks: the code and the test files that its prompts show, with a model's votes where these are wanted."""

from __future__ import annotations

from agent.repository.baseline import RepositoryTests
from agent.repository.context import Context, Lookup, understand
from agent.repository.patches import Check, Patch
from agent.repository.settings import ChangeSettings
from agent.runs.events import PlacesChosen
from agent.solve.asking import Ask, ask
from agent.solve.solving import Solving

KEY = "places/1"
"""Key of the request for votes."""
VOTE_TOKENS = 60


async def chosen_context(solving: Solving[Patch, Check], found: Lookup, tests: RepositoryTests) -> Context:
    """What the prompts of the run show, which is recorded: the places, and the test files nearest to them.

    The coder is asked for `settings.votes` answers on where to look; recorded answers, and the recorded order of test
    files, are reused. Raises EngineError where the coder was asked and answered nothing.
    """
    recorder = solving.recorder
    assert isinstance(solving.settings, ChangeSettings)
    votes = solving.settings.votes
    if votes and len(found.listed) > 1:
        wanted = Ask("coder", KEY, found.vote_prompt(), votes, gives="places", max_tokens=VOTE_TOKENS)
        await ask(solving, 0, [wanted])
        found = found.voted(solving.texts(KEY))
    known = recorder.known.places
    executed = None if tests.base is None else tests.base.report.lines
    context = understand(found, tests.modules, executed, None if known is None else known.tests)
    chosen = PlacesChosen(
        places=[str(place) for place in context.places], reasons=list(context.reasons), tests=list(context.tests)
    )
    # A record of an earlier version has no such event, and its replay must not have one either.
    if known is not None or not recorder.is_replay:
        recorder.emit(chosen)
    return context
