"""Statements in the forms of judges and of their users: each form renders examples into the text of a problem.

The problem is always our own (double a number), the forms are those of judges' pages and of what a browser copies from
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Example = tuple[str, str]
Render = Callable[[Sequence[Example]], str]


@dataclass(frozen=True)
class Form:
    """A way to write examples."""

    name: str
    render: Render
    data: Literal["any", "tokens", "line", "numbers"]
    """What the form can hold: any text in a block, lines of tokens, one line of tokens, one line of numbers."""
    most: int = 9
    """The most examples that the form can hold."""


FORMS: list[Form] = []


def form(name: str, data: Literal["any", "tokens", "line", "numbers"], most: int = 9) -> Callable[[Render], Render]:
    """A decorator that adds a renderer, as a form, to FORMS."""

    def put(render: Render) -> Render:
        FORMS.append(Form(name, render, data, most))
        return render

    return put


def fenced(text: str, tag: str = "") -> str:
    """The text in a fence longer than any in it."""
    longest = max((len(line) - len(line.lstrip("`")) for line in text.split("\n")), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}{tag}\n{text}{mark}\n"


def each(examples: Sequence[Example], template: Callable[[int, str, str], str]) -> str:
    """The examples one after the other, each written by `template`, numbered from 1."""
    return "\n".join(template(number, *example) for number, example in enumerate(examples, 1))


TWICE = "# Twice\n\nRead n and print 2n.\n"
SECTIONS = """
## Input

The only line holds one integer n, 1 to 100.

## Output

Print one integer: twice n.
"""
PLAIN_SECTIONS = """Twice

Read n and print 2n.

Input
The only line holds one integer n, 1 to 100.

Output
Print one integer: twice n.

"""


@form("numbered headings", "any")
def _numbered_headings(examples: Sequence[Example]) -> str:
    body = each(
        examples,
        lambda n, i, o: f"### Sample Input {n}\n\n{fenced(i)}\n### Sample Output {n}\n\n{fenced(o)}\nTwice 5 is 10.\n",
    )
    return f"{TWICE}{SECTIONS}\n{body}"


@form("headings without numbers", "any", 1)
def _headings(examples: Sequence[Example]) -> str:
    return TWICE + each(examples, lambda _, i, o: f"## Sample Input\n\n{fenced(i)}\n## Sample Output\n\n{fenced(o)}")


@form("bold example", "any")
def _bold_example(examples: Sequence[Example]) -> str:
    return TWICE + each(
        examples, lambda n, i, o: f"**Example {n}:**\n\nInput:\n{fenced(i)}Output:\n{fenced(o)}\nThat is all.\n"
    )


@form("examples with headings", "any")
def _example_headings(examples: Sequence[Example]) -> str:
    body = each(examples, lambda n, i, o: f"### Example {n}\n**Input**\n{fenced(i)}\n**Output**\n{fenced(o)}")
    return f"{TWICE}{SECTIONS}\n## Examples\n{body}\n## Note\n\nTwice 5 is 10.\n"


@form("labels of the example's heading level", "any")
def _siblings(examples: Sequence[Example]) -> str:
    return TWICE + each(examples, lambda n, i, o: f"## Example {n}\n## Input\n{fenced(i)}## Output\n{fenced(o)}")


@form("tags of fences", "any")
def _tags(examples: Sequence[Example]) -> str:
    return f"{TWICE}\n## Examples\n" + each(examples, lambda _, i, o: fenced(i, "input") + fenced(o, "output"))


@form("underlined headings", "any")
def _underlined(examples: Sequence[Example]) -> str:
    return TWICE + each(
        examples,
        lambda n, i, o: f"Sample Input {n}\n---------------\n\n{fenced(i)}\nSample Output {n}\n---\n{fenced(o)}",
    ).replace("\n---\n", "\n---------------\n")


@form("list items", "any")
def _list_items(examples: Sequence[Example]) -> str:
    return f"{TWICE}\n## Examples\n\n" + each(
        examples, lambda n, i, o: f"{n}. Example {n}\n- Input:\n{fenced(i)}- Expected output:\n{fenced(o)}"
    )


@form("AtCoder", "any")
def _atcoder(examples: Sequence[Example]) -> str:
    body = each(examples, lambda n, i, o: f"### 入力例 {n}\n\n{fenced(i)}\n### 出力例 {n}\n\n{fenced(o)}\n2 倍です。\n")
    head = "# 2 倍\n\n2 倍してください。\n\n### 制約\n\n- 1 以上 100 以下\n\n"
    form_of_input = "### 入力\n\n以下の形式で与えられる。\n\n```\nN\nA_1 A_2 \\ldots A_N\n```\n\n"
    return f"{head}{form_of_input}### 出力\n\n答えを出力せよ。\n\n{body}"


@form("AtCoder, copied", "tokens")
def _atcoder_copied(examples: Sequence[Example]) -> str:
    body = each(
        examples, lambda n, i, o: f"Sample Input {n}Copy\n\n{i}\nSample Output {n}Copy\n\n{o}\nTwice 5 is 10.\n"
    )
    head = "Problem Statement\n\nRead n. Print 2n.\n\nConstraints\n\n1≤n≤100\n\nInput\n\nn\n\nOutput\n\nPrint 2n.\n\n"
    return head + body


@form("Codeforces, copied", "tokens")
def _codeforces(examples: Sequence[Example]) -> str:
    head = "A. Twice\ntime limit per test1 second\ninputstandard input\noutputstandard output\n"
    body = "".join(f"inputCopy\n{i}outputCopy\n{o}" for i, o in examples)
    return f"{head}{PLAIN_SECTIONS}Examples\n{body}Note\nIn the first example twice 5 is 10.\n"


@form("Codeforces, copied with buttons", "tokens")
def _codeforces_buttons(examples: Sequence[Example]) -> str:
    head = "A. Twice\ntime limit per test\n1 second\ninput\nstandard input\noutput\nstandard output\n"
    body = "".join(f"Input\nCopy\n{i}Output\nCopy\n{o}" for i, o in examples)
    return f"{head}{PLAIN_SECTIONS}Example\n{body}\nNote\n\nIn the first example twice 5 is 10.\n"


@form("Codeforces in Russian, copied", "tokens")
def _codeforces_russian(examples: Sequence[Example]) -> str:
    body = "".join(f"входные данныеСкопировать\n{i}выходные данныеСкопировать\n{o}" for i, o in examples)
    head = "A. Дважды\nВходные данные\nВ строке задано целое число n.\n\nВыходные данные\nВыведите одно число.\n\n"
    return f"{head}Примеры\n{body}Примечание\nВ первом примере ответ равен десяти.\n"


@form("Russian headings", "any")
def _russian(examples: Sequence[Example]) -> str:
    return "# Дважды\n\nВыведите 2n.\n\n" + each(
        examples, lambda n, i, o: f"## Пример {n}\n\n**Ввод:**\n{fenced(i)}\n**Вывод:**\n{fenced(o)}"
    )


@form("Kattis, copied", "tokens")
def _kattis_copied(examples: Sequence[Example]) -> str:
    tables = each(examples, lambda n, i, o: f"Sample Input {n}\tSample Output {n}\n{i}\t\n{o}")
    return f"{PLAIN_SECTIONS}{tables}"


@form("Kattis, columns", "tokens")
def _kattis_columns(examples: Sequence[Example]) -> str:
    def table(number: int, given: str, expected: str) -> str:
        rows = [(f"Sample Input {number}", f"Sample Output {number}"), *_side_by_side(given, expected)]
        width = max(len(left) for left, _ in rows) + 3
        return "\n".join(f"{left:<{width}}{right}".rstrip() for left, right in rows) + "\n"

    return PLAIN_SECTIONS + each(examples, table)


@form("Kattis, Markdown table", "tokens")
def _kattis_markdown(examples: Sequence[Example]) -> str:
    def table(number: int, given: str, expected: str) -> str:
        cells = [text.strip("\n").replace("|", "\\|").replace("\n", "<br>") for text in (given, expected)]
        return f"| Sample Input {number} | Sample Output {number} |\n| --- | --- |\n| {cells[0]} | {cells[1]} |\n"

    return TWICE + SECTIONS + "\n" + each(examples, table)


@form("Markdown table, a line a row", "tokens")
def _markdown_lines(examples: Sequence[Example]) -> str:
    def table(number: int, given: str, expected: str) -> str:
        rows = "".join(f"| {left} | {right} |\n" for left, right in _side_by_side(given, expected))
        return f"| Sample Input {number} | Sample Output {number} |\n|:--|:--|\n{rows}"

    return TWICE + each(examples, table)


@form("Markdown table, an example a row", "line")
def _markdown_rows(examples: Sequence[Example]) -> str:
    rows = "".join(f"| {n} | `{i.strip()}` | `{o.strip()}` | |\n" for n, (i, o) in enumerate(examples, 1))
    return f"{TWICE}\n## Examples\n\n| No. | Input | Output | Explanation |\n|---|---|---|---|\n{rows}"


@form("ruled table", "line")
def _ruled(examples: Sequence[Example]) -> str:
    rule = "+--------------------------------+--------------------------------+\n"
    rows = [
        "".join(f"| {left:<30} | {right:<30} |\n" for left, right in _side_by_side(i, o)) + rule for i, o in examples
    ]
    return f"{TWICE}\n## Sample\n\n{rule}| {'Input':<30} | {'Output':<30} |\n{rule}{''.join(rows)}"


@form("tabbed table, an example a row", "line")
def _tabbed(examples: Sequence[Example]) -> str:
    rows = "".join(f"{n}\t{i.strip()}\t{o.strip()}\n" for n, (i, o) in enumerate(examples, 1))
    return f"Дважды\n\nВыведите 2n.\n\nПримеры\n№\tВходные данные\tВыходные данные\n{rows}"


@form("CodeChef", "any")
def _codechef(examples: Sequence[Example]) -> str:
    return f"{TWICE}{SECTIONS}\n" + each(
        examples,
        lambda n, i, o: f"### Sample {n}:\n\nInput\n\nOutput\n\n{fenced(i)}\n{fenced(o)}\n### Explanation:\n\nTwice.\n",
    )


@form("CodeChef, copied", "tokens")
def _codechef_copied(examples: Sequence[Example]) -> str:
    return PLAIN_SECTIONS + each(
        examples, lambda n, i, o: f"Sample {n}:\nInput\nOutput\n\n{i}\n{o}\nExplanation:\nTwice 5 is 10.\n"
    )


@form("CodeChef of old", "any", 1)
def _codechef_old(examples: Sequence[Example]) -> str:
    return TWICE + each(
        examples, lambda _, i, o: f"### Example Input\n\n{fenced(i)}\n### Example Output\n\n{fenced(o)}"
    )


@form("SPOJ", "tokens", 1)
def _spoj(examples: Sequence[Example]) -> str:
    return PLAIN_SECTIONS + each(examples, lambda _, i, o: f"Example\n\nInput:\n{i}\nOutput:\n{o}")


@form("HackerRank", "any")
def _hackerrank(examples: Sequence[Example]) -> str:
    body = each(
        examples,
        lambda n, i, o: (
            f"**Sample Input {n - 1}**\n\n{fenced(i)}\n**Sample Output {n - 1}**\n\n{fenced(o)}\n"
            f"**Explanation {n - 1}**\n\nTwice 5 is 10.\n"
        ),
    )
    head = "**Input Format**\n\nOne integer.\n\n**Constraints**\n\n- 1 to 100\n\n**Output Format**\n\nOne.\n\n"
    return f"{TWICE}\n{head}{body}"


@form("HackerRank, copied", "tokens")
def _hackerrank_copied(examples: Sequence[Example]) -> str:
    return "Twice\n\nInput Format\n\nOne integer.\n\nOutput Format\n\nOne integer.\n\n" + each(
        examples,
        lambda n, i, o: f"Sample Input {n}\n\n{i}\nSample Output {n}\n\n{o}\nExplanation {n}\n\nTwice 5 is 10.\n",
    )


@form("LeetCode, copied", "line")
def _leetcode(examples: Sequence[Example]) -> str:
    return (
        "7. Twice\n\nGiven n, return 2n.\n\n"
        + each(examples, lambda n, i, o: f"Example {n}:\n\nInput: {i}Output: {o}Explanation: Twice 5 is 10.\n")
        + "\nConstraints:\n\n1 <= n <= 100\n"
    )


@form("LeetCode, Markdown", "line")
def _leetcode_markdown(examples: Sequence[Example]) -> str:
    return f"{TWICE}\n" + each(
        examples, lambda n, i, o: f"**Example {n}:**\n\n> **Input:** {i}> **Output:** {o}> **Explanation:** Twice 5.\n"
    )


@form("LeetCode, one block", "line")
def _leetcode_block(examples: Sequence[Example]) -> str:
    inside = each(examples, lambda n, i, o: f"Example {n}:\n\nInput: {i}Output: {o}Explanation: Twice.\n")
    return f"{TWICE}\n## Examples\n\n```\n{inside}```\n"


@form("LeetCode, HTML", "line")
def _leetcode_html(examples: Sequence[Example]) -> str:
    def pre(number: int, given: str, expected: str) -> str:
        given, expected = (text.replace("&", "&amp;").replace("<", "&lt;") for text in (given, expected))
        inside = (
            f"<strong>Input:</strong> {given}<strong>Output:</strong> {expected}<strong>Explanation:</strong> Twice."
        )
        return f'<p><strong class="example">Example {number}:</strong></p>\n\n<pre>\n{inside}\n</pre>\n'

    return f"<h2>7. Twice</h2>\n<p>Given n, return 2n.</p>\n{each(examples, pre)}"


@form("USACO", "tokens", 1)
def _usaco(examples: Sequence[Example]) -> str:
    head = "INPUT FORMAT (input arrives from the terminal / stdin):\nThe first line contains n.\n\n"
    middle = "OUTPUT FORMAT (print output to the terminal / stdout):\nA single line with 2n.\n\n"
    return f"Bessie doubles a number.\n\n{head}{middle}" + each(
        examples,
        lambda _, i, o: f"SAMPLE INPUT:\n{i}\nSAMPLE OUTPUT: \n{o}\nTwice 5 is 10.\n\nSCORING:\nInputs 2-4: n is 1.\n",
    )


@form("USACO of old", "tokens", 1)
def _usaco_old(examples: Sequence[Example]) -> str:
    return "INPUT FORMAT (file twice.in):\n\nOne integer n.\n\n" + each(
        examples, lambda _, i, o: f"SAMPLE INPUT (file twice.in):\n\n{i}\nSAMPLE OUTPUT (file twice.out):\n\n{o}"
    )


@form("BOJ, copied", "tokens")
def _boj(examples: Sequence[Example]) -> str:
    head = "두 배\n\n시간 제한\t메모리 제한\n1 초\t128 MB\n\n문제\n두 배를 출력하시오.\n\n"
    head += "입력\n첫째 줄에 정수 n이 주어진다.\n\n출력\n첫째 줄에 2n을 출력한다.\n\n"
    return (
        head
        + each(examples, lambda n, i, o: f"예제 입력 {n} 복사\n{i}\n예제 출력 {n} 복사\n{o}")
        + "\n힌트\n5의 두 배는 10이다.\n"
    )


@form("BOJ, Markdown", "any")
def _boj_markdown(examples: Sequence[Example]) -> str:
    return "# 두 배\n\n두 배를 출력하시오.\n\n" + each(
        examples, lambda n, i, o: f"### 예제 입력 {n}\n\n{fenced(i)}\n### 예제 출력 {n}\n\n{fenced(o)}"
    )


@form("Luogu", "any")
def _luogu(examples: Sequence[Example]) -> str:
    body = each(
        examples, lambda n, i, o: f"## 输入输出样例 #{n}\n\n### 输入 #{n}\n\n{fenced(i)}\n### 输出 #{n}\n\n{fenced(o)}"
    )
    head = "# 两倍\n\n## 题目描述\n\n输出两倍。\n\n## 输入格式\n\n一行一个整数。\n\n## 输出格式\n\n一个整数。\n\n"
    return f"{head}{body}\n## 说明/提示\n\n无。\n"


@form("Chinese labels in brackets", "tokens")
def _brackets(examples: Sequence[Example]) -> str:
    return "两倍\n\n【输入格式】\n一行一个整数。\n\n" + each(
        examples, lambda n, i, o: f"【样例 {n} 输入】\n{i}\n【样例 {n} 输出】\n{o}\n【样例 {n} 解释】\n五的两倍是十。\n"
    )


@form("AcWing", "any", 1)
def _acwing(examples: Sequence[Example]) -> str:
    return "# 两倍\n\n输出两倍。\n\n" + each(
        examples, lambda _, i, o: f"#### 输入样例：\n\n{fenced(i)}\n#### 输出样例：\n\n{fenced(o)}"
    )


@form("indented blocks", "any")
def _indented(examples: Sequence[Example]) -> str:
    def inside(text: str) -> str:
        return "".join(f"    {line}\n" if line.strip() else "\n" for line in text.split("\n")[:-1])

    return TWICE + each(
        examples, lambda n, i, o: f"## Sample Input {n}\n\n{inside(i)}\n## Sample Output {n}\n\n{inside(o)}\nTwice.\n"
    )


@form("HTML blocks", "any")
def _html(examples: Sequence[Example]) -> str:
    def pre(text: str) -> str:
        return f"<pre>{text.replace('&', '&amp;').replace('<', '&lt;')}</pre>\n"

    return "<h1>Twice</h1>\n<p>Read n.</p>\n" + each(
        examples, lambda n, i, o: f"<h3>Sample Input {n}</h3>\n{pre(i)}<h3>Sample Output {n}</h3>\n{pre(o)}"
    )


@form("plain lines without a heading", "numbers", 1)
def _plain(examples: Sequence[Example]) -> str:
    return "Read n and print 2n.\n\n" + each(examples, lambda _, i, o: f"Input:\n{i}\nOutput:\n{o}")


@form("sentences", "tokens")
def _sentences(examples: Sequence[Example]) -> str:
    return "Write a program that doubles a number.\n\n" + each(
        examples, lambda _, i, o: f"Ex: If the input is:\n\n{i}\nthe output is:\n\n{o}\nMind the end of the line.\n"
    )


@form("Advent of Code", "line", 1)
def _advent(examples: Sequence[Example]) -> str:
    ((given, expected),) = examples
    return (
        f"## --- Day 1: Twice ---\n\nThe elves double numbers.\n\nFor example:\n\n{fenced(given)}\n"
        f"The first is `5`. In this example the sum is **`{expected.strip()}`**.\n\nWhat is the sum of all numbers?\n"
    )


def _side_by_side(given: str, expected: str) -> list[tuple[str, str]]:
    left, right = given.split("\n")[:-1], expected.split("\n")[:-1]
    height = max(len(left), len(right))
    return [(left + [""] * height)[at : at + 1] + (right + [""] * height)[at : at + 1] for at in range(height)]  # type: ignore[misc]
