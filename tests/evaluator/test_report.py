"""A report says what was measured, shows foreign text as text, and says what a run lacks and why."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cure.errors import ProblemError
from cure.json_lines import Lines
from cure.price import Price
from cure.table.compare import NAMES
from engines import write_atomically
from evaluator.commands.report import report
from evaluator.report.content.labels import COMPARISONS
from evaluator.report.material.material import read_material
from evaluator.report.material.published import published
from evaluator.report.output import details
from evaluator.report.write import write_report
from evaluator.run.cost import money
from evaluator.run.directory import RunDirectory
from evaluator.run.prices import given_prices
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.summary import summarise
from evaluator.run.tables import EvaluatedTable, TestColumn
from tests.evaluator.runs import problems_file, run, script, settings_of

EVIL = "</script><img src=x onerror=alert(1)>\"'&<!--"
VOID = {"meta", "link", "br", "img", "input", "hr", "path", "use", "rect"}


def a_table(number: int = 0, **more: Any) -> EvaluatedTable:
    """A table of two programs on one hidden, one public and two generated tests.

    From the coder's and the tester's third answers nothing was extracted.
    """
    columns = (
        TestColumn("hidden", 0, "1 2\n", "3\n"),
        TestColumn("public", 0, "2 2\n", "4\n"),
        TestColumn("generated", 0, "5 5\n", "10\n"),
        TestColumn("generated", 1, "1 1\n", "3\n"),
    )
    fields: dict[str, Any] = {
        "problem": number,
        "name": f"sum-{number}",
        "programs": ("print(sum(map(int, input().split())))", "print(4)", None),
        "program_samples": (0, 1, 2),
        "program_failures": ("", "", "no_code"),
        "requested_tests": 3,
        "test_failures": {2: "no_output"},
        "columns": columns,
        "cells": ("PPPW", "WPCT", ""),
        "outputs": (("3", "4", "10", "2"), ("4", "4", "#0123abcd", ""), ()),
        "cpu_s": (0.01, 0.02, 0.0),
        "peak_kb": (9000, 9000, 0),
        "reference": "PPPW",
        "executions": 8,
    }
    return EvaluatedTable(**{**fields, **more})


def without_programs(table: EvaluatedTable, why: str = "no_code") -> dict[str, Any]:
    """The fields that a table has if none of its programs could be read, for the reason `why`."""
    count = len(table.programs)
    nothing: tuple[Any, ...] = ((),) * count
    return {"programs": (None,) * count, "program_failures": (why,) * count, "cells": ("",) * count,
            "outputs": nothing, "cpu_s": (0.0,) * count, "peak_kb": (0,) * count}  # fmt: skip


def made_run(
    folder: Path,
    tables: Sequence[EvaluatedTable],
    coder: int = 3,
    tester: int = 3,
    dataset: str = "",
    text: str = "no fence",
    model: str = "scripted:m",
    question: str = "Print the sum.",
) -> RunDirectory:
    """The directory of a run with these tables."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "sums.json"
    rows = [{"name": table.name, "question": f"{question} {at}"} for at, table in enumerate(tables)]
    data.write_text(json.dumps(rows or [{"name": "x", "question": "?"}]))
    sha256 = hashlib.sha256(data.read_bytes()).hexdigest()
    directory = RunDirectory(folder / "run")
    directory.path.mkdir()
    asked, tested = (RoleSettings(model=model, samples=count) if count else None for count in (coder, tester))
    settings = Settings(dataset=dataset or str(data), data_sha256=sha256, coder=asked, tester=tested, give_up_after=3)
    directory.write_config(settings, {"begun": "2026-01-01T00:00:00+0000", "versions": {"python": "3"}, "sandbox": "b"})
    write_atomically(directory.path / "problems.json", json.dumps([row["name"] for row in rows]))
    lines = Lines(directory.tables)
    for table in tables:
        lines.append(table.to_record())
    lines.close()
    for name, count in (("coder", coder), ("tester", tester)):
        samples = Lines(directory.samples(name))
        for table in tables:
            for index in range(count):
                samples.append({"key": "", "problem": table.problem, "index": index, "text": text, "finish": "stop",
                                "error": "", "prompt_tokens": 10, "completion_tokens": 20 + index, "estimated": False,
                                "seconds": 1.5})  # fmt: skip
        samples.close()
    return directory


def command(*arguments: object) -> Result:
    return CliRunner().invoke(report, [str(one) for one in arguments])


def details_of(html: str) -> list[dict[str, Any]]:
    """The details of problems that a page holds as compressed JSON."""
    blobs = re.findall(r'<script type="text/plain" id="p\d+">([^<]*)</script>', html)
    return [json.loads(gzip.decompress(base64.b64decode(blob))) for blob in blobs]


class Checked(HTMLParser):
    """Parses a page, and keeps attributes and visible text.

    Raises AssertionError if an element is not closed in order or two elements have the same id.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._see(tag, attrs)
        if tag not in VOID or self.get_starttag_text() is None:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open, f"<{tag}/> outside of a picture"
        self._see(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & {*self.open}:
            self.words.append(data)

    def _see(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                assert value not in self.ids, f"id {value} is there twice"
                self.ids.add(value or "")


def checked(html: str) -> Checked:
    """The parsed page. Raises AssertionError if the page is malformed or refers to anything outside itself."""
    seen = Checked(html)
    for tag, name, value in seen.attributes:
        assert not name.startswith("on"), f"<{tag} {name}>"
        assert name not in ("src", "srcset", "data", "action", "poster"), f"<{tag} {name}={value}>"
        if name in ("href", "xlink:href"):
            assert value.startswith("#") and value[1:] in seen.ids, f"<{tag} {name}={value}>"
        if name == "style":
            assert all(one.startswith("#") for one in re.findall(r"url\(([^)]*)\)", value)), value
    for outside in ("http://", "https://", "@import", "<link", "<iframe", "<base"):
        assert outside not in html, outside
    return seen


def test_the_command_loads_nothing_heavy() -> None:
    program = (
        "import sys, evaluator.commands.report\n"
        "print({'numpy', 'jinja2', 'matplotlib', 'rich', 'engines', 'sandbox'} & {*sys.modules})"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


@pytest.mark.bubblewrap
def test_the_report_of_a_real_run(tmp_path: Path) -> None:
    made = run(settings_of(problems_file(tmp_path / "sums.json"), script(tmp_path / "s.json")), tmp_path / "out")
    shown = command(made.path)
    assert shown.exit_code == 0, shown.exception
    assert shown.stdout.strip() == str(made.path / "report.html")
    html = (made.path / "report.html").read_text()
    words = " ".join(checked(html).words)
    assert "100.0%: 3 of 3 pass all hidden tests here" in words
    assert json.loads(made.config.read_text())["settings"]["data_sha256"] in words
    first = details_of(html)[0]
    assert first["statement"].startswith("Read two integers.")
    assert [row["cells"] for row in first["rows"]] == ["PPPPWP", "WWPWPP", "", "CCCCCC"]
    assert [row.get("chosen") for row in first["rows"]] == [True, True, None, False]
    assert {one["kind"] for one in first["unread"]} == {"program", "test"}
    assert first["unread"][0]["answer"] == "I would add them."
    beside = {path.name for path in made.path.iterdir()}
    assert {"report.md", "metrics.csv", "metrics.json", "problems.csv"} <= beside


def test_every_comparison_is_explained() -> None:
    assert {*NAMES, "checker"} == {*COMPARISONS}


def test_what_is_in_the_details(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table()])
    (one,) = details_of(write_report(directory).read_text())
    assert one["programs"] == ["print(sum(map(int, input().split())))", "print(4)"]
    assert [row["cells"] for row in one["rows"]] == ["PPPW", "WPCT", ""]
    assert [row.get("chosen") for row in one["rows"]] == [True, False, None]
    assert one["rows"][1]["outputs"] == ["4", "4", "#1", ""]
    assert one["rows"][0]["passed"] == {"hidden": [1, 1], "public": [1, 1], "generated": [1, 2]}
    assert [column["suite"] for column in one["columns"]] == ["hidden", "public", "generated", "generated"]
    assert [(entry["kind"], entry["index"], entry["answer"]) for entry in one["unread"]] == [
        ("program", 2, "no fence"), ("test", 2, "no fence"),
    ]  # fmt: skip
    assert one["unread"][1]["why"] == "There is a test input but no test output."


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, drawn: None) -> None:
    directory = made_run(tmp_path, [a_table(), a_table(1)])
    first = {path: path.read_bytes() for path in sorted(write_report(directory).parent.rglob("*")) if path.is_file()}
    again = {path: path.read_bytes() for path in sorted(write_report(directory).parent.rglob("*")) if path.is_file()}
    assert first == again


def test_foreign_text_is_text(tmp_path: Path) -> None:
    columns = (TestColumn("hidden", 0, EVIL, EVIL), TestColumn("generated", 0, EVIL, EVIL))
    table = a_table(
        name=EVIL, programs=(EVIL, "\x1b[31m\u202e\ud800", None), program_failures=("", "", EVIL), columns=columns,
        cells=("PP", "WW", ""), outputs=((EVIL[:8], "3"), ("", ""), ()), reference="PP", test_failures={2: EVIL},
    )  # fmt: skip
    directory = made_run(tmp_path, [table], text=EVIL, model=f"scripted:{EVIL}", question=EVIL)
    html = write_report(directory).read_text(encoding="utf-8")
    seen = checked(html)
    assert not any(tag == "img" for tag, _, _ in seen.attributes)
    assert "<img" not in html
    assert EVIL in " ".join(seen.words)  # as text
    (one,) = details_of(html)
    assert one["programs"] == [EVIL, "\\x1b[31m\\u202e\\ud800"]
    assert one["columns"][0]["stdin"] == EVIL and one["unread"][0]["answer"] == EVIL
    # The page's security policy lets the browser run the page's own script, and nothing else.
    text = html.rsplit("<script>", 1)[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html and "default-src 'none'" in html
    assert "innerHTML" not in text and "eval(" not in text
    said = (directory.path / "report.md").read_text()
    assert "<img" not in said.replace("\\<img", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no tester", "No tests were asked for"),
        ("no hidden tests", "No problem has hidden tests"),
        ("nothing right", "No program passes all hidden tests"),
        ("no program read", "No program could be read"),
        ("no test read", "No test could be read"),
        ("nothing read", "No program could be read"),
        ("no coder", "There are no programs"),
        ("no reference", "no problem has a reference solution"),
        ("no tables", "No problem has been evaluated yet"),
    ],
)
def test_runs_that_lack_something(tmp_path: Path, name: str, words: str) -> None:
    table = a_table()
    hidden_and_public = {"columns": table.columns[:2], "reference": "PP", "outputs": (("3", "4"), ("4", "4"), ())}
    no_tests = {"requested_tests": 0, "test_failures": {}, "cells": ("PP", "WP", ""), **hidden_and_public}
    tests_not_extracted = {
        "test_failures": dict.fromkeys(range(3), "no_test"),
        "cells": ("PP", "WP", ""),
        **hidden_and_public,
    }
    by_program = ("programs", "program_samples", "program_failures", "cells", "outputs", "cpu_s", "peak_kb")
    no_coder = dict.fromkeys(by_program, ())
    changed: dict[str, dict[str, Any]] = {
        "no tester": no_tests,
        "no hidden tests": {
            "columns": table.columns[1:], "cells": ("PPW", "PCT", ""), "reference": "PPW",
            "outputs": (("4", "10", "2"), ("4", "", ""), ()),
        },
        "nothing right": {"cells": ("WPPW", "WPCT", "")},
        "no program read": without_programs(table),
        "no test read": tests_not_extracted,
        "nothing read": {**tests_not_extracted, **without_programs(table)},
        "no coder": no_coder,
        "no reference": {"reference": None},
        "no tables": {},
    }  # fmt: skip
    tables = [] if name == "no tables" else [a_table(number, **changed[name]) for number in range(2)]
    counts = {"coder": 0 if name == "no coder" else 3, "tester": 0 if name == "no tester" else 3}
    directory = made_run(tmp_path, tables, **counts)
    html = write_report(directory).read_text()
    text = " ".join(checked(html).words)
    assert words in text + json.dumps(details_of(html))
    assert "None" not in text and "nan" not in text


def test_a_run_without_matplotlib_comes_without_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: None
) -> None:
    directory = made_run(tmp_path, [a_table(), a_table(1)])
    pytest.importorskip("matplotlib", reason="the comparison needs a report with pictures")
    assert "<svg" in write_report(directory).read_text() and list((directory.path / "plots").glob("*.svg"))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = command(directory.path)
    assert shown.exit_code == 0 and "There are no pictures" in shown.stderr
    html = (directory.path / "report.html").read_text()
    assert "<svg" not in html and "There are no pictures" in " ".join(checked(html).words)
    assert not list((directory.path / "plots").glob("*"))


def test_executions_as_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="executions.parquet needs pyarrow")
    directory = made_run(tmp_path, [a_table()])
    write_report(directory)
    rows = parquet.read_table(directory.path / "executions.parquet").to_pylist()
    assert len(rows) == 12
    assert rows[3] == {"problem": "sum-0", "program": 0, "suite": "generated", "test": 1, "verdict": "wrong answer"}
    assert [row["verdict"] for row in rows if row["program"] == 1] == ["wrong answer", "right", "crash", "timeout"]
    assert [row["suite"] for row in rows if row["program"] is None] == ["hidden", "public", "generated", "generated"]


def test_without_pyarrow_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    directory = made_run(tmp_path, [a_table()])
    shown = command(directory.path)
    assert shown.exit_code == 0 and "executions.parquet is left out: it needs pyarrow" in shown.stderr
    assert "executions.parquet is left out" in (directory.path / "report.html").read_text()
    assert not (directory.path / "executions.parquet").exists()


def test_every_ratio_is_a_row(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table(), a_table(1)])
    write_report(directory)
    rows = list(csv.DictReader((directory.path / "metrics.csv").open()))
    metrics = json.loads(directory.metrics.read_text())
    standard = {row["name"]: row for row in rows if row["mode"] == "standard" and not row["selector"]}
    assert standard.keys() == metrics["standard"]["values"].keys()
    for name, scored in metrics["standard"]["values"].items():
        value = "" if scored["value"] is None else str(scored["value"])
        assert standard[name]["value"] == value and (value or standard[name]["reason"]), name
    grid = [row for row in rows if row["name"] == "best_of_n"]
    assert len(grid) == len(metrics["standard"]["best_of_n"])
    released = {row["name"]: row for row in rows if row["mode"] == "release"}
    for name in ("code_acc", "p_01", "p_00", "ut_acc"):
        row = released[name]
        if float(row["denominator"]):
            ratio = float(row["numerator"]) / float(row["denominator"])
            assert float(row["value"]) == pytest.approx(ratio)


def test_the_cure_papers_numbers_stand_beside_those_of_the_run(tmp_path: Path) -> None:
    known = published("Gen-Verse/LiveBench")
    assert known is not None and known.problems == 128
    assert [row.unit_tests for row in known.rows if row.model == "ReasonFlux-Coder-7B"] == [54.8]
    assert published("CodeContests_test") is not None and published("examples/sums.json") is None
    directory = made_run(tmp_path, [a_table()], dataset="LiveBench", model="vllm:Gen-Verse/ReasonFlux-Coder-7B")
    words = " ".join(checked(write_report(directory).read_text()).words)
    assert "The CURE paper's table: LiveBench" in words and "this run, release metrics" in words
    assert "Problems of this run: 1; of the published file: 128." in words
    assert "This run has 3 programs and 3 tests a problem, the paper 16 and 16." in words


def test_statements_of_another_file_are_not_shown(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table()])
    (tmp_path / "sums.json").write_text(json.dumps([{"name": "sum-0", "question": "Something else."}]))
    (one,) = details_of(write_report(directory).read_text())
    assert one["statement"] == "" and "has changed since the run" in one["no_statement"]
    (tmp_path / "sums.json").unlink()
    (one,) = details_of(write_report(directory).read_text())
    assert one["statement"] == "" and "are not here" in one["no_statement"]


def test_money_only_by_prices(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table()])
    assert "No money is shown: no prices were given" in write_report(directory).read_text()
    cost = json.loads(directory.metrics.read_text())["cost"]
    assert cost["usd"] is cost["coder"]["usd"] is None and "no prices were given" in cost["coder"]["reason"]
    # 3 answers of 20, 21 and 22 tokens for each role, at one dollar per completion token.
    prices = tmp_path / "prices.toml"
    prices.write_text('["scripted:m"]\ninput = 1.0\noutput = 1000000\n')
    for option, value in (("--prices", prices), ("--price", "1/1e6"), ("--price", "1:1e6")):
        assert command(directory.path, option, value).exit_code == 0
        words = " ".join(checked((directory.path / "report.html").read_text()).words)
        assert "63.0000" in words and "US dollars: 126.0001 in all" in words
        assert json.loads(directory.metrics.read_text())["cost"]["usd"] == pytest.approx(126.00006)


def test_a_model_without_a_price_has_none(tmp_path: Path) -> None:
    a, b = (RoleSettings(model=model, samples=1) for model in ("openai:a", "openai:b"))
    settings = Settings(dataset="set.json", data_sha256="0", coder=a, tester=b)
    tokens = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}
    samples = {"coder": tokens, "tester": tokens}
    found = money(settings, samples, {"openai:a": Price(1.0, 2.0)})
    assert found["coder"]["usd"] == 3.0 and found["tester"]["usd"] is found["usd"] is None
    assert found["reason"] == "there is no price of openai:b"
    given = settings.model_copy(update={"tester": RoleSettings(model="run:earlier", samples=1)})
    assert money(given, samples, {"*": Price(1.0, 2.0)})["usd"] == 3.0, "no model was asked for the tests"
    assert money(settings.model_copy(update={"coder": None}), samples, {"*": Price(1.0, 0.0)})["usd"] == 1.0


def test_malformed_prices_are_refused() -> None:
    with pytest.raises(
        ProblemError, match="--price: price 'cheap' is not PROMPT/COMPLETION, dollars per million tokens"
    ):
        given_prices("cheap", None)


def test_accuracies_by_difficulty_and_month(tmp_path: Path) -> None:
    wrong = {"cells": ("WPPW", "WPCT", "")}
    tables = [
        a_table(0, difficulty="hard", date="2024-10-05", **wrong),
        a_table(1, difficulty="easy", date="2024-09-01"),
        a_table(2, difficulty="easy", date="2024-10-31", **wrong),
        a_table(3),
    ]
    directory = made_run(tmp_path, tables)
    text = " ".join(checked(write_report(directory).read_text()).words)
    groups = json.loads(directory.metrics.read_text())["groups"]
    found = {
        (kind, name): (one["problems"], one["values"]["code_accuracy_macro"]["value"])
        for kind, group in groups.items()
        for name, one in group.items()
    }
    assert found == {
        ("difficulty", "easy"): (2, pytest.approx(1 / 6)), ("difficulty", "hard"): (1, 0),
        ("month", "2024-09"): (1, pytest.approx(1 / 3)), ("month", "2024-10"): (2, 0),
    }  # fmt: skip
    assert list(groups["difficulty"]) == ["easy", "hard"]
    assert groups["month"]["2024-09"]["values"]["best_of_n"]["value"] == 1.0
    assert groups["difficulty"]["easy"]["values"]["ut_accuracy_reference_requested"]["value"] == pytest.approx(1 / 3)
    assert "By difficulty" in text and "By month" in text
    assert "### By difficulty" in (directory.path / "report.md").read_text()


def test_a_set_without_difficulties_has_no_such_table(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table()])
    text = write_report(directory).read_text()
    assert json.loads(directory.metrics.read_text())["groups"] == {} and "By difficulty" not in text


def test_programs_given_up_are_counted(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table(cells=("PPPW", "TTTN", ""))])
    words = " ".join(checked(write_report(directory).read_text()).words)
    assert "1 program given up after 3 time-outs each: 1 (12.5%) of the executions were not run" in words
    assert "1 of 8 executions (12.5%) not run and so not passed; programs given up: 1" in words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a price table"),
        ("[m]\ninput = 1.0\n", "m: the field 'output' is missing"),
        ("[m]\ninput = -1\noutput = 1\n", "m: 'input' is -1, expected at least 0"),
        ("[m]\ninput = inf\noutput = 1\n", "m: 'input' is inf"),
        ("m = 3\n", "m is a whole number, expected an object"),
        ("[m\n", "is not a price table"),
    ],
)
def test_price_tables_that_are_wrong(tmp_path: Path, text: str, words: str) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(text)
    shown = command(made_run(tmp_path, [a_table()]).path, "--prices", prices)
    assert isinstance(shown.exception, ProblemError) and words in str(shown.exception)


def test_no_evaluation_is_refused(tmp_path: Path) -> None:
    shown = command(tmp_path)
    assert isinstance(shown.exception, ProblemError) and "holds no evaluation" in str(shown.exception)


def test_a_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table()])
    (directory.path / f"report.html.partial-{os.getpid()}").mkdir()
    shown = command(directory.path)
    assert isinstance(shown.exception, ProblemError) and "the report cannot" in str(shown.exception)


def test_long_texts_are_cut_and_large_reports_bounded(tmp_path: Path) -> None:
    long = "x" * 50_000
    tables = [a_table(number, programs=(f"{long}{number}", "print(4)", None)) for number in range(3)]
    directory = made_run(tmp_path, tables)
    material = read_material(directory, summarise(directory))
    packed = details.pack(material)
    assert packed.note == "" and None not in packed.blobs
    assert details.record(material, tables[0], packed.cuts)["programs"][0].endswith("[... cut: 34,001 more characters]")
    size = sum(len(blob) for blob in packed.blobs if blob)
    shorter = details.pack(material, size - 1)
    assert "texts are cut early" in shorter.note
    fewer = details.pack(material, len(shorter.blobs[0] or "") + 100)
    assert fewer.blobs[1:] == (None, None) and "The last 2 problems cannot be opened" in fewer.note


def test_many_hidden_tests_are_not_all_shown(tmp_path: Path) -> None:
    columns = tuple(TestColumn("hidden", at, f"{at}\n", "1\n") for at in range(300))
    cells = ("P" * 300, "P" * 299 + "W", "")
    outputs = (("1",) * 300, ("1",) * 300, ())
    table = a_table(columns=columns, cells=cells, outputs=outputs, reference="P" * 300)
    (one,) = details_of(write_report(made_run(tmp_path, [table])).read_text())
    assert len(one["columns"]) == len(one["rows"][0]["cells"]) == 100
    assert one["rows"][1]["passed"]["hidden"] == [299, 300] and "Of 300 tests" in one["notes"][0]


def test_warnings_about_the_data(tmp_path: Path) -> None:
    columns = (TestColumn("hidden", 0, "2 2\n", "0.5\n"), *a_table().columns[1:])
    tables = [a_table(columns=columns, reference="WPPW", cells=("SPPW", "WPCT", ""))]
    directory = made_run(tmp_path, tables)
    write_atomically(directory.path / "problems.json", json.dumps(["sum-0", "sum-1"]))
    words = " ".join(checked(write_report(directory).read_text()).words)
    assert "The run is not complete: 1 of 2 problems evaluated" in words
    assert "1 of 1 reference solutions do not pass their hidden tests here" in words
    assert "The sandbox failed, twice, on 1 execution, which count" in words
    assert "In 1 problem a public example is also a hidden test: sum-0" in words
    assert "fractions, no tolerance is stated, and outputs are compared by tokens: sum-0" in words
