"""Examples are found in statements in the forms in which people paste them."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.problem import UnitTest
from cure.problem.file import load_problems
from cure.problem.statement import read_statement
from cure.problem.statement.words import LANGUAGES, listed
from tests.cure.statement_forms import FORMS, Example, Form

KINDS: dict[str, tuple[str, list[Example]]] = {
    "one": ("numbers", [("5\n", "10\n")]),
    "several": ("numbers", [("5\n", "10\n"), ("-7\n", "-14\n"), ("0.5\n", "1\n")]),
    "words": ("line", [("abc def\n", "YES\n"), ("x\n", "No way\n")]),
    "signs": ("line", [("<a> & (b)\n", "#?!\n")]),
    "lines": ("tokens", [("3\n1 2 3\nabc\n", "2\n4\n6\n"), ("1\n9\n", "18\n")]),
    "longer output": ("tokens", [("2\n", "1 x\n2 y\n3 z\n")]),
    "label-like data": ("any", [("Output\n5\n", "Input:\n10\n"), ("## Sample Input 1\nExample 2\n", "Note\n")]),
    "fences in data": ("any", [("```\n5\n```\n", "~~~\n10\n~~~\n")]),
    "blank lines in data": ("any", [("5\n\n\n6\n", "10\n\n12\n")]),
    "sentences as data": ("any", [("The quick brown fox jumps over the dog.\n", "The first line is this one.\n")]),
}
HOLDS = {"numbers": 0, "line": 1, "tokens": 2, "any": 3}


def read(text: str) -> list[Example]:
    """The examples that are found."""
    return [(test.stdin, test.expected) for test in read_statement(text, "p.md", "p").problem.examples]


CASES = [
    pytest.param(form, examples[: form.most], id=f"{form.name}: {kind}")
    for form in FORMS
    for kind, (needed, examples) in KINDS.items()
    if HOLDS[needed] <= HOLDS[form.data]
]


@pytest.mark.parametrize(("form", "examples"), CASES)
def test_examples_are_found(form: Form, examples: list[Example]) -> None:
    statement = read_statement(form.render(examples), "p.md", "p")
    assert statement.problem.examples == tuple(UnitTest(*example, "public") for example in examples)
    assert len(statement.notes) == (form.name == "Advent of Code")


NUMBER = st.integers(-(10**12), 10**12).map(str) | st.floats(-1e6, 1e6).map(lambda value: f"{value:.3f}")
TOKEN = (
    NUMBER | st.from_regex(r"[a-z]{2,8}[0-9]", fullmatch=True) | st.sampled_from(["YES", "no", "a,b", "(x)", "-1e5"])
)
LINE = st.lists(TOKEN, min_size=1, max_size=3).map(" ".join)
ANY_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\xa0"), max_size=30)
TEXTS = {
    "numbers": st.lists(NUMBER, min_size=1, max_size=3).map(" ".join).map("{}\n".format),
    "line": LINE.map("{}\n".format),
    "tokens": st.lists(LINE, min_size=1, max_size=4).map(lambda lines: "".join(f"{line}\n" for line in lines)),
    "any": st.lists(ANY_LINE.map(str.strip).filter(bool), min_size=1, max_size=4).map(
        lambda lines: "".join(f"{line}\n" for line in lines)
    ),
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_random_examples_are_read_back(form: Form, data: st.DataObject) -> None:
    texts = TEXTS[form.data]
    examples = data.draw(st.lists(st.tuples(texts, texts), min_size=1, max_size=min(3, form.most), unique=True))
    assert read(form.render(examples)) == examples


PIECES = st.sampled_from(
    [
        "# T",
        "## Example",
        "### Sample Input 1",
        "Sample Output",
        "Input:",
        "Output:",
        "Input",
        "Output",
        "**Example 1:**",
        "```",
        "~~~",
        "````",
        "```input",
        "| Input | Output |",
        "|---|---|",
        "| 5 | 10 |",
        "Sample Input 1\tSample Output 1",
        "Input   Output",
        "<pre>",
        "</pre>",
        "> Input:",
        "> ```",
        "    5",
        "\t5",
        "5",
        "10 11",
        "",
        "Explanation",
        "Note",
        "For example:",
        "the output is:",
        "the sum is **`5`**",
        "The answer is five.",
        "Input: 5, Output: 10",
        "例",
        "입력",
        "- Input: `5`",
        "+---+",
        "---",
        "===",
        "Copy",
        "x = 1",
        ":",
        "#",
        "*",
        "<table>",
        "\0",
        "\ud800",
        "Input: Input: Output:",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | ANY_LINE, max_size=30))
def test_any_text_is_a_problem_or_a_problem_error(lines: list[str]) -> None:
    with contextlib.suppress(ProblemError):
        statement = read_statement("\n".join(lines), "p.md", "p")
        assert all(note.startswith("p.md:") for note in statement.notes)


@pytest.mark.parametrize(
    "piece",
    [
        "Input:\n",
        "```\n5\n```\n",
        "> Input:\n",
        "    5\n",
        "Input:\n    5\n  x\n",
        "| Input | Output |\n",
        "5 6 7 8 9\n",
        "\n",
        "Input  Output\n",
        "Sample Input\tSample Output\n5\t6\n",
        "<pre>5</pre>\n",
        "<pre>",
        "> ",
        "**",
        "<b>",
        "例",
        "Input: 5, Output: 6\n",
        "For example:\n\n5\n",
        "a`**`b",
        " ",
        "1.1.",
        "## Example\n",
        "(",
        "Example: ",
        "Note\n",
        "\t",
        "|",
        "-",
    ],
)
def test_time_is_linear_in_the_length(piece: str) -> None:
    def seconds(count: int) -> float:
        began = time.process_time()
        with contextlib.suppress(ProblemError):
            read_statement("# T\nx\n" + piece * count + "\n", "p.md", "p")
        return time.process_time() - began

    seconds(10)
    # The least of a few: a collection of garbage in a large process takes longer than the reading.
    short, long = (min(seconds(count) for _ in range(3)) for count in (1_000, 8_000))
    assert long < 30 * short + 0.2


REMEDY = "put the sample below a heading Example and the labels Input and Output to use it as a test"
LOOKS = f"this block looks like a sample; {REMEDY}"
ANNOUNCED = f"an example is announced here but none could be read; {REMEDY}"
EMPTY_INPUT = "this sample has no input; programs are given an empty one"
CUT = "this output ends at a blank line; use a block where more lines belong to it"
GUESSED = "these words were taken for a sample; put a label Example above them if they are one"
CALL = "this example is written as a call and left out; other examples show what programs read"
ASSIGNED = "inputs are written as assignments; programs are given that text on standard input"


@pytest.mark.parametrize(
    ("lines", "examples", "notes"),
    [
        ("# T/x//## Example//```/5/10/```", [], [f"6: {LOOKS}"]),
        ("# T/For example//```/5/```//gives//```/10/```", [], [f"4: {LOOKS}", f"10: {LOOKS}"]),
        ("# T/x//## Input//```/5/```", [], [f"6: {LOOKS}"]),
        ("# T/x//```python/print(10)/```", [], []),
        ("# T/x//## Input//```/N/A_1 A_2/```//## Output//Print 1.", [], []),
        ("# T/x//## Examples//- 5 -> 10", [], [f"4: {ANNOUNCED}"]),
        ("--- Day 1: T ---/For example://3   4/4   3//The total is 11.", [], [f"2: {ANNOUNCED}"]),
        ("# T/x/## Sample Output/```/Hello/```", [("", "Hello/")], [f"4: {EMPTY_INPUT}"]),
        ("# T/x/### Sample Input/```/```/### Sample Output/```/Hello/```", [("", "Hello/")], []),
        ("# T/x/**Sample Input**//(none)//**Sample Output**//Hello", [("", "Hello/")], []),
        ("T//Sample Input 1\tSample Output 1/\t/Hello!", [("", "Hello!/")], []),
        ("# T/x/## Sample Output//    */   ***", [("", "    */   ***/")], [f"3: {EMPTY_INPUT}"]),
        ("T/Sample Input: 5", [], ["2: this example input has no output; it is not used as a test"]),
        ("T/Example 1:/Input: n = 5/Output: 10", [("n = 5/", "10/")], [f"1: {ASSIGNED}"]),
        (
            "T/Example:/Input: n = 5/Output: 10//Input/Line 1: a number.//Output/Print the result.//Example//Input/7/"
            "Output/14",
            [("7/", "14/")],
            [f"3: {CALL}"],
        ),
        (
            "T/Example://Input/Line 1: s - a text.//Output/Print the result of it.//Example//Input/a b//Output/2",
            [("a b/", "2/")],
            [],
        ),
        ("T/Examples/Input/A b, c d./Output/A:b::c:d:e f:/Note/x", [("A b, c d./", "A:b::c:d:e f:/")], []),
        ("T//Example: Input: 5, Output: 10", [("5/", "10/")], []),
        ("T//input/standard input/output/standard output", [], []),
        ("T//Input:/3 abc//Output:/abc 3", [], [f"3: these lines look like a sample; {REMEDY}"]),
        ("T//Input:/abc//Output:/cba", [("abc/", "cba/")], [f"3: {GUESSED}"]),
        ("T//Input/n//Output/Print 2n.", [], []),
        ("T/Input: an integer n/Output: twice n", [], []),
        ("T//入力例 1/5/出力例 1/10//Sample Input 1/5/Sample Output 1/10", [("5/", "10/")], []),
        ("T//入力例 1/321/出力例 1/0321/321 は 3 桁なので、先頭に 1 つ 0 をつけます。", [("321/", "0321/")], []),
        (
            "# T//## Sample//```/Input:/5//Output:/10//Input:/6//Output:/12/```",
            [("5/", "10/"), ("6/", "12/")],
            [],
        ),
        ("# T//> ### Sample Input/> ```/> 5/> ```/> ### Sample Output/> ```/> 10/> ```", [("5/", "10/")], []),
        (
            "Sample Input 0//STDIN   Function/-----   --------/5       n = 5/1 2 3   a = 1 2 3//Sample Output 0//10",
            [("5/1 2 3/", "10/")],
            [],
        ),
        (
            "Sample Input 1   Sample Output 1   Explanation/5                10                twice",
            [("5/", "10/")],
            [],
        ),
        (
            "# T/## Sample Input/```/5/```/## Sample Output/```/10/```/## Explanation/```/5+5=10/```",
            [("5/", "10/")],
            [],
        ),
        (
            "+-----+------+/|Input|Output|/+-----+------+/|2    |10    |/|5    |      |/+-----+------+/|1    |2     |",
            [("2/5/", "10/"), ("1/", "2/")],
            [],
        ),
        ("Example/Input/5/Output/RBR//YES//Note/x", [("5/", "RBR/")], [f"4: {CUT}"]),
        (
            "T//Sample Input 1:/(3*4)/Sample Output 1:/1/Explanation Of Sample Input 1:/Input:/S = '(3*4)'/Output: 1",
            [("(3*4)/", "1/")],
            [],
        ),
        ("【输入形式】输入一个整数/【样例输入】/20/【样例输出】5/【样例说明】无", [("20/", "5/")], []),
        ("# T/> ## Sample Input 1:/```/1/```/> ## Sample Output 1:/```/2/```", [("1/", "2/")], []),
        ("### 예제 입력//```jsx/== 예제 입력 1/5/== 예제 출력 1/10/```", [("5/", "10/")], []),
        ("Example/InputCopy/There is no input./OutputCopy/A/B", [("", "A/B/")], []),
        ("# T/x/## Sample Input/5\xa06//## Sample Output/11", [("5 6/", "11/")], []),
    ],
)
def test_a_note_says_what_was_not_understood(lines: str, examples: list[Example], notes: list[str]) -> None:
    text = lines.replace("/", "\n") + "\n"
    assert read(text) == [(i.replace("/", "\n"), o.replace("/", "\n")) for i, o in examples]
    assert list(read_statement(text, "p.md", "p").notes) == [f"p.md:{note}" for note in notes]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("# T/x/## Sample Input/```/5", "4: this fenced block is never closed"),
        ("# T/x/## Sample Input/```/5/```", "4: this example input has no output"),
        (
            "# T/## Sample Input/```/5/```/## Sample Output/```/10/```/## Sample Output 2/```/11/```",
            "11: this example output has no input before it",
        ),
    ],
)
def test_half_a_sample_is_an_error(lines: str, message: str) -> None:
    with pytest.raises(ProblemError) as error:
        read_statement(lines.replace("/", "\n") + "\n", "p.md", "p")
    assert str(error.value) == f"p.md:{message}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_labels_examples(language: str) -> None:
    words = LANGUAGES[language]
    for sample in listed(words.sample):
        for stdin, stdout in zip(listed(words.input), listed(words.output), strict=False):
            text = f"T\n\n{sample.capitalize()} 1\n\n{stdin.upper()}:\n5 6\n\n{stdout.title()}:\n11\n"
            assert read(text) == [("5 6\n", "11\n")], text
    for stdin, stdout in zip(listed(words.sample_input), listed(words.sample_output), strict=False):
        assert read(f"# T\n\n## {stdin}\n```\n5\n```\n## {stdout}\n```\n10\n```\n") == [("5\n", "10\n")]


def test_a_statement_is_named_by_its_first_heading_that_is_no_label() -> None:
    text = "## Sample Input\n```\n1\n```\n## Sample Output\n```\n2\n```\n## Double\nx\n"
    assert read_statement(text, "p.md", "p").problem.name == "Double"
    assert read_statement("# Sample Mean\n\nPrint it.\n", "p.md", "p").problem.name == "Sample Mean"
    assert read_statement("A. Twice\n\nPrint it.\n", "p.md", "p").problem.name == "p"


@pytest.mark.parametrize("name", ["humaneval_plus_stdio_cure.json", "mbpp_plus_stdio_cure.json"])
def test_statements_of_real_sets_give_their_own_samples_or_a_note(name: str, shared_data: Path) -> None:
    for problem in load_problems(str(shared_data / "stdio-he-mbpp" / name)):
        statement = read_statement(problem.question, "p.md", "p")
        found = [(test.stdin.split(), test.expected.split()) for test in statement.problem.examples]
        known = [(test.stdin.split(), test.expected.split()) for test in problem.examples]
        assert all(pair in known for pair in found), problem.name
        assert found or statement.notes, problem.name
