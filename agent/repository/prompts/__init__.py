"""Prompts about a repository, short enough for small models: edits, tests, repairs, the choice of places.

Every prompt is a pure function of values; what does not fit into the budget of tokens is left out by importance, and
the prompt says so. `read_test` reads the answer to `test_prompt`.
"""

from agent.repository.prompts.edit import ShownCode, edit_prompt
from agent.repository.prompts.generated_test import GeneratedTest, read_test
from agent.repository.prompts.localise import localise_prompt, read_choice
from agent.repository.prompts.repair import FailedTest, repair_prompt
from agent.repository.prompts.test import test_prompt

__all__ = [
    "FailedTest",
    "GeneratedTest",
    "ShownCode",
    "edit_prompt",
    "localise_prompt",
    "read_choice",
    "read_test",
    "repair_prompt",
    "test_prompt",
]
