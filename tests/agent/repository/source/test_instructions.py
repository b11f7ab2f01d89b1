"""What a repository asks of those who change it."""

from __future__ import annotations

from agent.repository.source import estimate_tokens
from agent.repository.source.instructions import instructions
from tests.agent.repository.source.held import Held


def files(**texts: str) -> Held:
    names = {name.replace("__", "/"): text for name, text in texts.items()}
    return Held({path: text.encode() for path, text in names.items()})


def test_the_nearest_come_last_and_others_do_not_hold() -> None:
    found = instructions(
        Held(
            {
                "AGENTS.md": b"Use tabs.",
                "shop/AGENTS.md": b"Use spaces here.",
                "shop/deep/CLAUDE.md": b"Deep.",
                "other/AGENTS.md": b"Other.",
                ".cursorrules": b"Be brief.",
                ".github/copilot-instructions.md": b"Write tests.",
            }
        ),
        ["shop/deep/a.py"],
    )
    assert found.files == (
        ".cursorrules",
        ".github/copilot-instructions.md",
        "AGENTS.md",
        "shop/AGENTS.md",
        "shop/deep/CLAUDE.md",
    )
    assert found.text.index("Use tabs.") < found.text.index("Use spaces here.") < found.text.index("Deep.")
    assert "## shop/AGENTS.md" in found.text


def test_of_contributing_what_is_about_code_counts() -> None:
    text = (
        "# Contributing\nWelcome!\n\n## Code style\nFour spaces.\n\n## Pull requests\nBe kind.\n\n"
        "Running the tests\n-----------------\nUse tox.\n\n## License\nMIT\n"
    )
    found = instructions(Held({"CONTRIBUTING.md": text.encode()}))
    assert "Four spaces." in found.text and "Use tox." in found.text
    assert "Be kind." not in found.text and "MIT" not in found.text


def test_what_a_later_file_repeats_or_includes_is_said_once() -> None:
    held = Held({"CLAUDE.md": b"@AGENTS.md\n", "AGENTS.md": b"Use tabs.\n", "a/AGENTS.md": b"Use tabs.\n"})
    assert instructions(held, ["a/b.py"]).files == ("a/AGENTS.md",)
    assert instructions(held, ["b.py"]).text == "## AGENTS.md\n\nUse tabs."


def test_rules_with_a_head_hold_for_their_paths() -> None:
    held = Held(
        {
            ".cursor/rules/python.mdc": b"---\nglobs: '**/*.py'\n---\nType everything.",
            ".cursor/rules/always.mdc": b"---\nalwaysApply: true\n---\nBe brief.",
            ".github/instructions/web.instructions.md": b"---\napplyTo: web/**,*.ts\n---\nUse hooks.",
        }
    )
    assert instructions(held, ["a/b.py"]).files == (".cursor/rules/always.mdc", ".cursor/rules/python.mdc")
    assert instructions(held, ["web/x.js"]).files[-1] == ".github/instructions/web.instructions.md"
    assert "applyTo" not in instructions(held, ["web/x.js"]).text


def test_long_ones_are_cut_and_the_nearest_keep_theirs() -> None:
    held = Held({"AGENTS.md": b"Far away.\n\n" * 500, "a/AGENTS.md": b"Near by.\n\n" * 50})
    found = instructions(held, ["a/b.py"], budget=400)
    assert estimate_tokens(found.text) <= 410
    assert found.text.count("Near by.") == 50 and "[shortened]" in found.text and "Far away." in found.text
    assert instructions(held, ["a/b.py"], budget=160).files == ("a/AGENTS.md",)


def test_a_repository_without_any_asks_for_nothing() -> None:
    assert instructions(Held({"a.py": b""}), ["a.py"]).text == ""


def test_remarks_for_people_are_left_out() -> None:
    assert instructions(Held({"AGENTS.md": b"A<!-- hidden\n -->B"})).text.endswith("AB")
