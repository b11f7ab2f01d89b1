# ruff: noqa: E501  # answers as models write them
"""Answers in the forms that models write them in, by kind.

All hold the same program or test, except in HEADER_WORDS_IN_DATA, CUT_PROGRAMS and CUT_TESTS.
"""

from __future__ import annotations

PROGRAM = "n = int(input())\nprint(n * 2)"
DRAFT = "```python\nprint('draft')\n```"
INPUT, OUTPUT = "**Test Input:**\n", "**Test Output:**\n"


def block(data: object, tag: str = "") -> str:
    """A fenced block."""
    return f"```{tag}\n{data}\n```\n"


FENCED = block(PROGRAM, "python")
QUOTED = "> n = int(input())\n> print(n * 2)"
INDENTED = "n = int(input())\n   print(n * 2)"

FENCES = {
    "behind words": f"Sure! ```python\n{PROGRAM}\n```\n",
    "behind words, without a tag": f"Here is the code: ```\n{PROGRAM}\n```\n",
    "tildes behind words": f"Sure: ~~~python\n{PROGRAM}\n~~~",
    "with the version in the tag": f"```python3.11\n{PROGRAM}\n```",
    "with a file name behind the tag": f"```python:main.py\n{PROGRAM}\n```",
    "with the program behind the tag": f"```python {PROGRAM}\n```",
    "behind a bold heading": f"**Solution:** ```py\n{PROGRAM}\n```",
    "in a heading": f"### ```python\n{PROGRAM}\n```",
    "in brackets": f"(```python\n{PROGRAM}\n```)",
    "in a numbered list": f"1. ```python\n   {INDENTED}\n   ```\n",
    "in a list, behind words": f"1. The program: ```python\n   {INDENTED}\n   ```\n",
    "in a list, not indented": f"- ```python\n{PROGRAM}\n```\n",
    "in a quotation": f"> ```python\n{QUOTED}\n> ```\n",
    "in a quotation with words": f"> Here it is:\n>\n> ```python\n{QUOTED}\n> ```\n>\n> Done.",
    "in a quotation without blanks": ">```python\n>n = int(input())\n>print(n * 2)\n>```",
    "in a quotation of a quotation": "> > ```python\n> > n = int(input())\n> > print(n * 2)\n> > ```",
    "bold": f"**```python\n{PROGRAM}\n```**\n",
    "bold and italic": f"***```python\n{PROGRAM}\n```***",
    "closed before a full stop": f"```python\n{PROGRAM}\n```.",
    "closed before words": f"```python\n{PROGRAM}\n``` This reads n.",
    "final channel": f"<|channel|>final<|message|>```python\n{PROGRAM}\n```<|return|>",
    "final channel after an analysis": f"<|channel|>analysis<|message|>Hm. {DRAFT}<|end|>"
    f"<|start|>assistant<|channel|>final<|message|>{FENCED}<|return|>",
    "final channel, opened by the prompt": f"final<|message|>{FENCED}<|return|>",
    "channels without their marks": f"analysisWe double. {DRAFT}assistantfinal{FENCED}",
    "after thinking in brackets": f"[THINK]{DRAFT}[/THINK]{FENCED}",
    "before the next turn": f"{FENCED}<|im_end|>\n<|im_start|>user\nAnother?\n<|im_start|>assistant\n{DRAFT}",
    "before an end mark": f"{FENCED}<end_of_turn>",
    "in answer tags": f"<answer>\n{FENCED}</answer>",
    "brackets instead": f"[PYTHON]\n{PROGRAM}\n[/PYTHON]\nDone.",
    "tags instead": f'<pre><code class="language-python">\n{PROGRAM}\n</code></pre>',
}

OPENING_FENCE_MISSING = {
    "nothing else": f"{PROGRAM}\n```\n",
    "words behind": f"{PROGRAM}\n```\n\nThis reads n and prints twice of it.\n",
    "the tag is there": f"python\n{PROGRAM}\n```\nwords",
    "words before": f"Here is the solution:\n\n{PROGRAM}\n```\nIt works.",
    "an example behind": f"{PROGRAM}\n```\n\nExample:\n{block(5)}Output:\n{block(10)}",
    "a command behind": f"{PROGRAM}\n```\n\nRun it:\n{block('python a.py', 'bash')}",
    "closed on the last line": f"{PROGRAM}```",
    "closed by tildes": f"{PROGRAM}\n~~~\nok",
    "closed before an end mark": f"{PROGRAM}\n```<|im_end|>",
    "no fence, words behind": f"{PROGRAM}\n\nThis program reads n and prints twice of it.",
    "no fence, words around": f"Solution:\n\n{PROGRAM}\n\nExplanation: it doubles.",
}

LAST_BLOCK_DOES_NOTHING = {
    "comments": f"{FENCED}Complexity:\n{block('# O(1)', 'python')}",
    "a sample": f"{FENCED}Example:\n{block('# Input' + chr(10) + '5', 'python')}",
    "pass": f"{FENCED}Template:\n{block('pass', 'python')}",
    "an ellipsis": f"{FENCED}{block('...', 'python')}",
    "a docstring": f"{FENCED}{block('```Time: O(1)```'.replace('`', chr(34)), 'python')}",
    "an example call": f"{FENCED}Example:\n{block('print(double(5))  # 10', 'python')}",
    "an assertion": f"{FENCED}{block('assert double(5) == 10', 'python')}",
    "a constant input": f"{FENCED}{block('n = 5' + chr(10) + 'print(n * 2)', 'python')}",
    "labels": f"{FENCED}{block('Input: 5' + chr(10) + 'Output: 10', 'python')}",
    "an import": f"{FENCED}You may need:\n{block('import sys', 'python')}",
    "a line of the program": f"{FENCED}This line reads:\n{block('n = int(input())', 'python')}",
    "a changed line of the program": f"{FENCED}It could read:\n{block('m = int(input())', 'python')}",
    "a value": f"{FENCED}Output:\n{block('[1, 2, 3]', 'python')}",
    "a session": f"{FENCED}{block('>>> double(5)' + chr(10) + '10', 'python')}",
}

OTHER_MARKS = {
    "quotation marks": f"'''python\n{PROGRAM}\n'''\nDone.",
    "double quotation marks": f'Here:\n"""python\n{PROGRAM}\n"""',
    "two backticks": f"``python\n{PROGRAM}\n``",
    "one backtick": f"`python\n{PROGRAM}\n`",
    "acute accents": f"\u00b4\u00b4\u00b4python\n{PROGRAM}\n\u00b4\u00b4\u00b4",
    "LaTeX listing": f"\\begin{{lstlisting}}[language=Python]\n{PROGRAM}\n\\end{{lstlisting}}",
    "LaTeX verbatim": f"The program is\n\\begin{{verbatim}}\n{PROGRAM}\n\\end{{verbatim}}\n",
    "minted": f"\\begin{{minted}}{{python}}\n{PROGRAM}\n\\end{{minted}}",
    "BBCode": f"[code=python]\n{PROGRAM}\n[/code]",
    "indented": "Here it is:\n\n    n = int(input())\n    print(n * 2)\n\nIt works.",
    "solution marks": f"<|begin_of_solution|>\n{PROGRAM}\n<|end_of_solution|>",
    "a mark of a tool": f"<|python_tag|>{PROGRAM}<|eom_id|>",
    "JSON": '{"language": "python", "code": "n = int(input())\\nprint(n * 2)"}',
    "JSON after braces in prose": "Sets {a}, {b}, {c}, {d}, {e}, {f}, {g}, {h}.\n"
    '{"code": "n = int(input())\\nprint(n * 2)"}',
    "JSON in a fence": '```json\n{"code": "n = int(input())\\nprint(n * 2)"}\n```',
    "JSON around a fence": '{"why": "double", "solution": "```python\\nn = int(input())\\nprint(n * 2)\\n```"}',
    "a call of a tool": '<tool_call>\n{"name": "python", "arguments": {"code": "n = int(input())\\nprint(n * 2)"}}\n</tool_call>',
    "a JSON text": '"```python\\nn = int(input())\\nprint(n * 2)\\n```"',
    "escaped newlines": "Sure:\\n```python\\nn = int(input())\\nprint(n * 2)\\n```\\nDone",
    "carriage returns": f"```python\n{PROGRAM}\n```".replace("\n", "\r"),
    "line separators": f"```python\n{PROGRAM}\n```".replace("\n", "\u2028"),
    **{f"the tag {tag}": f"```{tag}\n{PROGRAM}\n```" for tag in ("main.py", "code", "text", "plaintext", "tool_code", "bash")},
    "the program glued to its tag": f"```python{PROGRAM}\n```",
}  # fmt: skip
"""Programs between marks other than a Python fence on lines of its own."""

OTHER_CHARACTERS = {
    "no-break spaces": f"```python\n{PROGRAM}\n```".replace(" ", "\u00a0"),
    "a zero-width space": f"```python\n\u200b{PROGRAM}\n```",
    "prompts": "```python\n>>> n = int(input())\n>>> print(n * 2)\n```",
    "prompts under their tag": "```pycon\n>>> n = int(input())\n>>> print(n * 2)\n```",
    "line numbers": "```python\n1 n = int(input())\n2 print(n * 2)\n```",
    "line numbers with bars": "```python\n1 | n = int(input())\n2 | print(n * 2)\n```",
    "words in the fence": f"```python\n{PROGRAM}\n\nThis program reads n and prints twice of it.\n```",
    "words in a fence that is never closed": f"```python\n{PROGRAM}\n\nThis program reads n and prints twice of it.",
    "a heading behind": f"```python\n{PROGRAM}\n\n### Explanation\n1. Read `n`.\n2. Print twice `n`.",
    "a bold heading behind": f"```python\n{PROGRAM}\n**Explanation:** it doubles",
    "an end mark behind": f"```python\n{PROGRAM}\n<|endoftext|>Human: now\n",
    "a harness behind": f"{FENCED}Try:\n{block(f'import io, sys{chr(10)}sys.stdin = io.StringIO({chr(34)}5{chr(34)}){chr(10)}{PROGRAM}', 'python')}",
}  # fmt: skip
"""Programs with characters or words that do not belong to them, and one repeated in a harness with a constant input."""

OTHER_THINKING = {
    "Cohere": f"<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>{FENCED}<|END_RESPONSE|>",
    "MedGemma": f"<unused94>thought\nHm {DRAFT}<unused95>{FENCED}",
    "GLM": f"<think>hm</think><|begin_of_box|>{FENCED}<|end_of_box|>",
    "OpenThinker": f"<|begin_of_thought|>\n{DRAFT}\n<|end_of_thought|>\n\n<|begin_of_solution|>\n{FENCED}\n<|end_of_solution|>",
    "scratchpad": f"<scratchpad>\n{DRAFT}\n</scratchpad>\n{PROGRAM}",
    "blanks in the tags": f"< think >a {DRAFT}</ think >{FENCED}",
    "two blocks": f"<think>\na\n</think>\n{DRAFT}\n<think>\nno\n</think>\n{FENCED}",
    "Granite": f"Here is my thought process:\nDouble.\n{DRAFT}\n\nHere is my response:\n{FENCED}",
}  # fmt: skip

OTHER_TESTS = {
    "one line": "Input: 5, Output: 10",
    "one bold line": "**Input**: `5`, **Output**: `10`",
    "an arrow": "Input: 5 \u2192 Output: 10",
    "an arrow of two characters": "Input: 5 -> Output: 10",
    "a bar": "Input: 5 | Output: 10",
    "a table": "| Input | Output |\n|---|---|\n| 5 | 10 |",
    "a table of tests": "| Test Input | Test Output |\n| :-- | --: |\n| `5` | `10` |",
    "JSON of tests": '{"tests": [{"input": "5", "output": "10"}]}',
    "JSON of test cases": '```json\n{"test_cases": [{"input": "5\\n", "expected_output": "10\\n"}]}\n```',
    "JSON with capitals": '{"Test Input": "5", "Test Output": "10"}',
    "JSON in a JSON object": '{"test": {"input": 5, "expectedOutput": 10}}',
    "JSON in a line": 'The test is {"input": "5", "output": "10"}.',
    "a dictionary": "{'input': '5', 'output': '10'}",
    "YAML": "input: |\n  5\noutput: |\n  10\n",
    "assignments": '```python\ntest_input = """5\n"""\nexpected_output = """10\n"""\n```',
    "assignments without a fence": 'test_input = "5"\ntest_output = "10"',
    "XML": "<input>5</input>\n<output>10</output>",
    "XML of a test": "<test_input>\n5\n</test_input>\n<test_output>\n10\n</test_output>",
    "tags of fences": "```input\n5\n```\n```output\n10\n```",
    "tags of fences of a test": "```test_input\n5\n```\n\n```test_output\n10\n```",
    "Chinese": "**\u6d4b\u8bd5\u8f93\u5165\uff1a**\n```\n5\n```\n**\u6d4b\u8bd5\u8f93\u51fa\uff1a**\n```\n10\n```",
    "Chinese without fences": "\u8f93\u5165\uff1a\n5\n\n\u8f93\u51fa\uff1a\n10\n",
    "Russian": "\u0412\u0445\u043e\u0434\u043d\u044b\u0435 \u0434\u0430\u043d\u043d\u044b\u0435:\n5\n\n\u0412\u044b\u0445\u043e\u0434\u043d\u044b\u0435 \u0434\u0430\u043d\u043d\u044b\u0435:\n10",
    "Spanish": "**Entrada:**\n```\n5\n```\n**Salida:**\n```\n10\n```",
    "brackets": "[Test Input]\n5\n[Test Output]\n10",
    "HTML": "<b>Test Input:</b>\n```\n5\n```\n<b>Test Output:</b>\n```\n10\n```",
    "quotation marks": "**Test Input:**\n'''\n5\n'''\n**Test Output:**\n'''\n10\n'''",
    "two backticks": "**Test Input:**\n``5``\n**Test Output:**\n``10``",
    "a box": f"{INPUT}{block(5)}{OUTPUT}$\\boxed{{10}}$",
    "an expected result": f"{INPUT}{block(5)}**Expected Result:**\n{block(10)}",
    "an answer": f"{INPUT}{block(5)}**Answer:**\n{block(10)}",
    "standard input": "Standard Input:\n5\n\nStandard Output:\n10",
    "escaped newlines": "**Test Input:**\\n```\\n5\\n```\\n**Test Output:**\\n```\\n10\\n```",
    "a dash in a formula before": f"Twice 4 - 3 is 5.\n{INPUT}{block(5)}{OUTPUT}{block(10)}",
}  # fmt: skip

WRONG, RIGHT = f"{INPUT}{block(5)}{OUTPUT}{block(11)}", f"{INPUT}{block(5)}{OUTPUT}{block(10)}"

OUTPUT_CORRECTED = {
    "header again": f"{WRONG}Wait, twice 5 is 10:\n{OUTPUT}{block(10)}",
    "in plain lines": f"{INPUT}5\n\n{OUTPUT}11\n\nNo.\n\n{OUTPUT}10\n\n**Explanation:** x",
    "header says so": f"{WRONG}**Corrected Test Output:**\n{block(10)}",
    "header says so in brackets": f"{WRONG}**Test Output (corrected):**\n{block(10)}",
    "weak header says so": f"{WRONG}**Corrected Output:**\n{block(10)}",
    "no header": f"{WRONG}Wait, twice 5 is 10:\n{block(10)}",
    "no header, behind other words": f"{WRONG}Hold on. The correct output is:\n{block(10)}",
    "no header, after the explanation": f"{WRONG}**Explanation:**\nA mistake:\n{block(10)}",
    "twice": f"{WRONG}{OUTPUT}{block(12)}{OUTPUT}{block(10)}",
    "headings": f"### Test Input\n{block(5)}### Test Output\n{block(11)}Hm.\n### Test Output\n{block(10)}",
    "weak headers": f"**Input:**\n{block(5)}**Output:**\n{block(11)}Sorry.\n**Output:**\n{block(10)}",
    "begun and cut": f"{RIGHT}Wait, so\n{OUTPUT}",
    "not corrected by a calculation": f"{RIGHT}**Explanation:** doubled:\n{block('5 * 2')}",
    "not corrected by words": f"{RIGHT}**Explanation:**\nTest Output: it is ten here\n",
    "not corrected by a remark": "Test Input: 5\nTest Output: 10\n\n**Final Output**:\n- The program prints this.\n",
    "not corrected by a program": f"{RIGHT}Wait, check:\n{block('print(11)', 'python')}",
}

INPUTS_BEFORE_OUTPUTS = {
    "numbered": f"**Test Input 1:**\n{block(4)}**Test Input 2:**\n{block(5)}"
    f"**Test Output 1:**\n{block(8)}**Test Output 2:**\n{block(10)}",
    "not numbered": f"{INPUT}{block(4)}{INPUT}{block(5)}{OUTPUT}{block(8)}{OUTPUT}{block(10)}",
    "in plain lines": "Input 1: 4\nInput 2: 5\nOutput 1: 8\nOutput 2: 10",
    "headings": f"### Input #1\n{block(4)}### Input #2\n{block(5)}### Output #1\n{block(8)}### Output #2\n{block(10)}",
    "three": f"{INPUT}{block(3)}{INPUT}{block(4)}{INPUT}{block(5)}"
    f"{OUTPUT}{block(6)}{OUTPUT}{block(8)}{OUTPUT}{block(10)}",
    "the last is cut": f"**Test Input 1:**\n{block(5)}**Test Input 2:**\n{block(6)}"
    f"**Test Output 1:**\n{block(10)}**Test Output 2:**\n```\n",
    "in another order": f"**Test Input 1:**\n{block(5)}**Test Input 2:**\n{block(6)}"
    f"**Test Output 2:**\n{block(12)}**Test Output 1:**\n{block(10)}",
    "each output before its input": f"{OUTPUT}{block(8)}{INPUT}{block(4)}{OUTPUT}{block(10)}{INPUT}{block(5)}",
    "output before input": f"{OUTPUT}{block(10)}{INPUT}{block(5)}",
}

FENCES_OF_TESTS = {
    "behind words": "**Test Input:** The input is ```\n5\n```\n**Test Output:** and so ```\n10\n```",
    "in a quotation": "> **Test Input:**\n> ```\n> 5\n> ```\n> **Test Output:**\n> ```\n> 10\n> ```",
    "quoted plain lines": "> **Test Input:**\n> 5\n>\n> **Test Output:**\n> 10",
    "in quotations": "**Test Input:**\n> ```\n> 5\n> ```\n**Test Output:**\n> ```\n> 10\n> ```",
    "in a numbered list": "1. **Test Input:**\n   ```\n   5\n   ```\n2. **Test Output:**\n   ```\n   10\n   ```",
    "in lists": f"{INPUT}- ```\n  5\n  ```\n{OUTPUT}- ```\n  10\n  ```",
    "bold": f"{INPUT}**```\n5\n```**\n{OUTPUT}**```\n10\n```**",
    "final channel": f"<|channel|>analysis<|message|>{INPUT}{block(1)}{OUTPUT}{block(2)}<|end|>"
    f"<|start|>assistant<|channel|>final<|message|>{INPUT}{block(5)}{OUTPUT}{block(10)}<|return|>",
    "channels without their marks": f"analysisA test. {INPUT}1\nassistantfinal{INPUT}{block(5)}{OUTPUT}{block(10)}",
    "opening fences missing": f"{INPUT}5\n```\n\n{OUTPUT}10\n```\n",
    "opened by the prompt": f"5\n```\n\n{OUTPUT}{block(10)}",
    "one fence around all": "```\nTest Input:\n5\nTest Output:\n10\n```",
    "an earlier fence never closed": f"{INPUT}{block(1)}{OUTPUT}```\n\n{INPUT}{block(5)}{OUTPUT}{block(10)}",
    "a fence around both": "- Input: a line\n- Output: a number\n\n```\nTest Input: 5\nTest Output: 10\n```\n",
    "one fence around the data": "Test Input:\n```\n5\nTest Output:\n10\n```",
    "one header weaker than the other": f"**Input:**\n{block(5)}{OUTPUT}{block(10)}",
    "the other header weaker": f"{INPUT}{block(5)}**Expected Output:**\n{block(10)}",
    "JSON behind words": 'Here: ```json\n{"input": "5", "output": "10"}\n```',
}

HEADER_WORDS_IN_DATA = {
    "test input": ("log\ntest input: 5\n", "ok\n"),
    "test output": ("log\ntest output: 5\n", "ok\n"),
    "input": ("Input: 5\n", "ok\n"),
    "input and output": ("input: 5\noutput: 6\n", "ok\n"),
    "expected output": ("1\nexpected output\n2\n", "ok\n"),
    "explanation": ("Explanation: none\n", "ok\n"),
    "bold": ("**Test Output:**\n5\n", "ok\n"),
    "in the output": ("5\n", "Test output: 3\nTest input: 2\n"),
    "only in the output": ("5\n", "Output: 10\n"),
    "quotation mark": ("> 5\n", "10\n"),
}
"""Inputs and outputs of tests in whose data a line looks like a header or a quotation."""

CUT_PROGRAMS = {
    "after the opening fence": "```python\n",
    "after words and the opening fence": "Here it is:\n```python",
    "before the fence": "Sure, here is the program:",
    "inside the fence": "```",
}

CUT_TESTS = {
    "after the opening fence": "**Test Input:**\n```\n",
    "after the input's header": "**Test Input:**",
    "in the input": f"{INPUT}```\n5\n6",
    "after the output's opening fence": f"{INPUT}{block(5)}{OUTPUT}```\n",
    "before the test": "Let me work out a test for it:",
}
