"""The prompts for coder, tester and repair in every style, and where the published wording of CURE comes from."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cure.errors import ProblemError
from cure.extract import extractor
from cure.problem import Problem, UnitTest
from cure.prompts import STYLES, Failure, prompts_for
from cure.prompts.release import ReleaseStyle
from cure.prompts.release_source import (
    ENVIRONMENT,
    FILES,
    StageWording,
    Wording,
    cache_directory,
    download,
    load_wording,
)
from engines.protocol import ChatPrompt, Prompt, TextPrompt

PROBLEM = Problem("Add two numbers {a} and {{b}}.", (UnitTest("1 2\n", "3\n", "public"),))
FAILURE = Failure(UnitTest("4 5\n", "9\n"), got="8\n")
CRASH = Failure(UnitTest("6 7\n", "13\n"), error="crash: ValueError")


def is_cached() -> bool:
    """Whether the wording can be read without a network."""
    root = Path(os.environ.get(ENVIRONMENT) or cache_directory())
    return all((root / name).is_file() for name in FILES)


def text_of(prompt: Prompt) -> str:
    if isinstance(prompt, ChatPrompt):
        return "\n".join(message.content for message in prompt.messages)
    assert isinstance(prompt, TextPrompt)
    return prompt.text


@pytest.mark.parametrize("style", ["chat", "micro"])
def test_every_prompt_shows_the_statement_as_it_is(style: str) -> None:
    prompts = prompts_for(style)
    for prompt in (
        prompts.coder(PROBLEM),
        prompts.tester(PROBLEM, [UnitTest("8 8\n", "16\n")]),
        prompts.repair(PROBLEM, "print(1)", [FAILURE, CRASH]),
        prompts.repair(PROBLEM, "print(1)", []),
    ):
        assert PROBLEM.question in text_of(prompt)


def test_chat_prompts_are_messages_and_show_examples_tests_to_avoid_and_failures() -> None:
    prompts = prompts_for("chat")
    coder = prompts.coder(PROBLEM)
    assert isinstance(coder, ChatPrompt)
    assert [message.role for message in coder.messages] == ["system", "user"]
    assert "Input:\n```\n1 2\n```\nOutput:\n```\n3\n```" in text_of(coder)
    assert "```\n8 8\n```" in text_of(prompts.tester(PROBLEM, [UnitTest("8 8\n", "16\n")]))
    repair = text_of(prompts.repair(PROBLEM, "print(1)", [FAILURE, CRASH]))
    for part in ("```python\nprint(1)\n```", "4 5", "9", "8", "6 7", "13", "crash: ValueError"):
        assert part in repair


def test_an_example_the_statement_already_shows_is_not_repeated() -> None:
    problem = Problem("Add.\n\nInput:\n```\n1 2\n5\n```\nOutput:\n3\n", (UnitTest("1 2\n5\n", "3\n", "public"),))
    assert "## Example" not in text_of(prompts_for("chat").coder(problem))


@pytest.mark.parametrize(
    "statement",
    ["Add. At most 11 2s, 3 of them.", "Add.\n```\n1 2\n```\n```\n3\n```"],
    ids=["by chance", "only the first"],
)
def test_examples_the_statement_does_not_show_as_lines_are_behind_it(statement: str) -> None:
    problem = Problem(statement, (UnitTest("1 2\n", "3\n", "public"), UnitTest("4 5\n", "9\n", "public")))
    asked = text_of(prompts_for("chat").coder(problem))
    assert "## Example 1\n\nInput:\n```\n1 2\n```\nOutput:\n```\n3\n```" in asked
    assert "## Example 2\n\nInput:\n```\n4 5\n```\nOutput:\n```\n9\n```" in asked


def test_the_form_the_chat_tester_is_asked_for_is_the_one_both_extractions_read() -> None:
    asked = text_of(prompts_for("chat").tester(Problem("Add.")))
    form = asked[asked.index("**Test Input:**") :]
    for mode in ("robust", "release"):
        found = extractor(mode).test(form).value
        assert found is not None
        assert (found.stdin, found.expected) == ("the complete input\n", "the complete output\n")


def test_the_chat_tester_has_given_the_public_examples_already() -> None:
    examples = tuple(UnitTest(f"{number} 1\n", f"{number + 1}\n", "public") for number in range(5))
    prompt = prompts_for("chat").tester(Problem("Add.", examples))
    assert isinstance(prompt, ChatPrompt)
    roles = [message.role for message in prompt.messages]
    assert roles == ["system", *["user", "assistant"] * 4, "user"]
    answers = [message.content for message in prompt.messages if message.role == "assistant"]
    for mode in ("robust", "release"):
        read = [extractor(mode).test(answer).value for answer in answers]
        assert [test and (test.stdin, test.expected) for test in read] == [
            (test.stdin, test.expected) for test in examples[:4]
        ]


def test_a_long_public_example_is_no_earlier_answer_of_the_chat_tester() -> None:
    long, short = UnitTest("1 " * 3000, "3000\n", "public"), UnitTest("1 2\n", "3\n", "public")
    prompt = prompts_for("chat").tester(Problem("Add.", (long, short)))
    assert isinstance(prompt, ChatPrompt)
    assert [message.role for message in prompt.messages] == ["system", "user", "assistant", "user"]
    assert long.stdin.strip() not in text_of(prompt)


@pytest.mark.parametrize("examples", [(), (UnitTest("1 2\n", "3\n", "public"),)], ids=["none", "one"])
def test_inputs_to_avoid_end_the_chat_testers_prompt(examples: tuple[UnitTest, ...]) -> None:
    prompt = prompts_for("chat").tester(Problem("Add.", examples), [UnitTest("8 8\n", "16\n"), UnitTest("", "0\n")])
    assert isinstance(prompt, ChatPrompt)
    assert prompt.messages[-1].content.endswith("```\n8 8\n```\n\n```\n```")


def test_a_fence_in_a_program_does_not_end_its_block() -> None:
    source = 's = """\n```\n"""'
    asked = text_of(prompts_for("chat").repair(PROBLEM, source, [FAILURE]))
    assert f"````python\n{source}\n````" in asked


def test_long_failures_are_shortened_in_the_middle() -> None:
    asked = text_of(prompts_for("chat").repair(PROBLEM, "print(1)", [Failure(UnitTest("a" + "0" * 9000 + "z", "1"))]))
    assert len(asked) < 4000
    assert "characters left out" in asked
    assert "The program printed nothing." in asked


def test_an_unknown_style_names_the_nearest() -> None:
    with pytest.raises(ProblemError) as error:
        prompts_for("relase")
    assert str(error.value) == "unknown prompt style 'relase'; did you mean 'release'?"
    assert set(STYLES) == {"chat", "micro", "release"}


# The published wording is not part of this project, so what can be tested without it is tested with made-up wording.
STAGE = StageWording(
    coder="<|im_start|>sys <|im_end|>\n<|im_start|>User: "
    "{{language}}|{{special_requirements}}|{{problem}} <|im_end|>\nA: ",
    tester="{{problem}}|{{example_intro}}|",
    requirements="req",
    no_example=" ",
    one_example="one {{example_input}} {{example_output}}",
    more_examples="{{n_sample}}: {{example_input}} {{example_output}}",
)
THREE = Problem("{{x}} <b>", tuple(UnitTest(f"{n}\n", f"o{n}", "public") for n in range(3)))


def release(stage: str = "evaluation", **options: int) -> ReleaseStyle:
    wording = Wording(training=STAGE, evaluation=STAGE)
    return ReleaseStyle(wording, "training" if stage == "training" else "evaluation", **options)


def test_release_prompts_are_raw_text_with_nothing_escaped_or_rendered_twice() -> None:
    assert text_of(release().coder(THREE)) == (
        "<|im_start|>sys <|im_end|>\n<|im_start|>User: python|req|{{x}} <b> <|im_end|>\nA: "
    )


def test_the_wording_before_examples_follows_k_case_in_evaluation_but_all_are_listed() -> None:
    listed = "'0\\n', '1\\n', '2\\n' 'o0', 'o1', 'o2'"
    assert text_of(release(k_case=16, public_examples=3).tester(THREE)) == f"{{{{x}}}} <b>|3: {listed}|"
    assert text_of(release(k_case=1, public_examples=3).tester(THREE)) == f"{{{{x}}}} <b>|one {listed}|"
    assert text_of(release(k_case=0, public_examples=3).tester(THREE)) == "{{x}} <b>| |"


def test_the_release_shows_one_public_example_in_training_and_none_in_evaluation() -> None:
    assert text_of(release("training").tester(THREE)) == "{{x}} <b>|one '0\\n' 'o0'|"
    assert text_of(release("evaluation").tester(THREE)) == "{{x}} <b>| |"


def test_release_repair_stays_in_the_published_frame() -> None:
    asked = text_of(release().repair(THREE, "print(1)", [FAILURE]))
    assert asked.startswith("<|im_start|>sys <|im_end|>\n<|im_start|>User: ")
    assert asked.endswith(" <|im_end|>\nA: ")
    assert "```python\nprint(1)\n```" in asked and "{{x}} <b>" in asked


def test_release_prompts_equal_the_published_ones(shared_data: Path) -> None:
    if not is_cached():
        pytest.skip("no copy of the published wording; set CURE_AGENT_RELEASE_DIR to a checkout of Gen-Verse/CURE")
    cases = json.loads((shared_data / "cure-golden" / "prompts.json").read_text())["cases"]
    assert len(cases) == 27
    for case in cases:
        row = case["problem"]
        pairs = zip(row["example_input"], row["example_output"], strict=True)
        problem = Problem(row["question"], tuple(UnitTest(*pair, "public") for pair in pairs))
        stage = "training" if case["stage"] == "optimization" else "evaluation"
        style = prompts_for("release", stage=stage, k_case=case["k_case"], public_examples=len(problem.examples))
        asked = text_of(style.coder(problem) if case["kind"] == "code" else style.tester(problem))
        assert len(asked) == case["length"]
        assert hashlib.sha256(asked.encode()).hexdigest() == case["sha256"]


def test_a_checkout_without_the_wording_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"no checkout of Gen-Verse/CURE.*CURE_AGENT_RELEASE_DIR") as error:
        load_wording(str(tmp_path))
    assert "\n" not in str(error.value)


def test_changed_files_are_refused(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("system_prompts = 'x'\n")
    with pytest.raises(ProblemError, match="not the file of Gen-Verse/CURE at commit 69fe174"):
        load_wording(str(tmp_path))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server of the files in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_a_download_is_checked(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(iter(FILES))
    with pytest.raises(ProblemError, match=r"cannot be downloaded \(Not Found|cannot be downloaded \(File not found"):
        download(name, server)
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text("published = True\n")
    with pytest.raises(ProblemError, match="does not have the expected content"):
        download(name, server)
    monkeypatch.setitem(FILES, name, hashlib.sha256(b"published = True\n").hexdigest())
    assert download(name, server) == b"published = True\n"


def test_a_dead_server_gets_one_line_that_says_what_to_do(server: str) -> None:
    with pytest.raises(ProblemError, match="CURE_AGENT_RELEASE_DIR") as error:
        download(next(iter(FILES)), server.rsplit(":", 1)[0] + ":1")
    assert "\n" not in str(error.value)


def test_a_filled_cache_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = "system_prompts = 'c'\nsystem_case_prompts = 't'\nspecial_requirements = 'r'\n"
    program = "".join(f"if n_example {test}:\n    example_intro = '{test}'\n" for test in ("== 0", "== 1", "> 1"))
    monkeypatch.delenv("CURE_AGENT_RELEASE_DIR", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    for name in FILES:
        text = config if "config" in name else program
        place = tmp_path / "cure-agent" / "release-69fe174" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        monkeypatch.setitem(FILES, name, hashlib.sha256(text.encode()).hexdigest())
    assert is_cached()
    assert load_wording().evaluation == StageWording("c", "t", "r", "== 0", "== 1", "> 1")


@pytest.mark.parametrize("blocked", ["directory", "file"])
def test_a_cache_that_cannot_be_written_loses_nothing_and_keeps_no_rest(
    blocked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "system_prompts = 'c'\nsystem_case_prompts = 't'\nspecial_requirements = 'r'\n"
    program = "".join(f"if n_example {test}:\n    example_intro = '{test}'\n" for test in ("== 0", "== 1", "> 1"))
    texts = {name: config if "config" in name else program for name in FILES}
    published = tmp_path / "published"
    for name, text in texts.items():
        (published / name).parent.mkdir(parents=True, exist_ok=True)
        (published / name).write_text(text)
        monkeypatch.setitem(FILES, name, hashlib.sha256(text.encode()).hexdigest())
    cache = tmp_path / "cure-agent" / "release-69fe174"
    if blocked == "directory":
        cache.parent.write_text("no directory")
    else:
        for name in FILES:
            (cache / name).mkdir(parents=True)
    monkeypatch.delenv("CURE_AGENT_RELEASE_DIR", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    monkeypatch.setattr("cure.prompts.release_source.download", lambda name: download(name, published.as_uri()))
    assert load_wording().evaluation == StageWording("c", "t", "r", "== 0", "== 1", "> 1")
    assert [place for place in cache.parent.rglob("*") if place.is_file() or place.name.startswith("tmp")] == []
