"use strict";
// Text from models and data sets is set as text, never as markup.
const WORDS = {};
for (const entry of document.querySelectorAll("#legend span")) {
  WORDS[entry.firstChild.textContent] = entry.lastChild.textContent;
}
const SUITES = ["hidden", "public", "generated"];

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

async function unpack(at) {
  const packed = document.getElementById("p" + at).textContent;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function folded(title, body, open) {
  const details = make("details");
  details.append(make("summary", "", title), body);
  details.open = Boolean(open);
  return details;
}

function named(title, text) {
  const part = make("div");
  part.append(make("div", "soft", title), make("pre", "", text === "" ? "(empty)" : text));
  return part;
}

function testName(column) {
  return column.suite + " " + column.index;
}

// A test is right if the reference solution passes it.
function truth(problem, at) {
  if (problem.reference === null || problem.columns[at].suite !== "generated") return "";
  const letter = problem.reference[at];
  return letter === "S" ? "" : letter === "P" ? "right" : "wrong";
}

function grid(problem, show) {
  const table = make("table", "cells");
  const counts = {};
  for (const column of problem.columns) counts[column.suite] = (counts[column.suite] || 0) + 1;
  const first = (at) => at === 0 || problem.columns[at].suite !== problem.columns[at - 1].suite;
  const head = table.createTHead();
  const suites = head.insertRow();
  suites.append(make("th"));
  for (const suite of SUITES) {
    if (!counts[suite]) continue;
    const cell = make("th", "gap", suite);
    cell.colSpan = counts[suite] + 1;
    cell.style.textAlign = "left";
    suites.append(cell);
  }
  suites.append(make("th", "gap", "passed"));
  const numbers = head.insertRow();
  numbers.append(make("th"));
  problem.columns.forEach((column, at) => {
    if (first(at)) numbers.append(make("th"));
    const cell = make("th");
    const button = make("button", "", column.index);
    button.type = "button";
    button.title = testName(column);
    button.addEventListener("click", () => show(null, at));
    cell.append(button);
    numbers.append(cell);
  });
  numbers.append(make("th", "gap", SUITES.filter((suite) => counts[suite]).join(", ")));
  const body = table.createTBody();
  const line = (name, cells, row, className) => {
    const tr = body.insertRow();
    tr.className = className;
    const label = make("th");
    label.style.textAlign = "right";
    if (row === null) label.textContent = name;
    else {
      const button = make("button", "", name);
      button.type = "button";
      button.addEventListener("click", () => show(row, null));
      label.append(button);
    }
    tr.append(label);
    problem.columns.forEach((column, at) => {
      const letter = cells ? cells[at] : "x";
      if (first(at)) tr.append(make("td", "gap"));
      const cell = make("td", "c " + letter, cells ? letter : "");
      cell.title = cells ? name + " on " + testName(column) + ": " + WORDS[letter] : name + " could not be read";
      if (row !== null) cell.addEventListener("click", () => show(row, at));
      tr.append(cell);
    });
    return tr;
  };
  if (problem.reference !== null) {
    line("reference", problem.reference, null, "").append(make("td", "gap"));
  }
  problem.rows.forEach((row, number) => {
    const tr = line((row.chosen ? "\u25B6 " : "") + "program " + row.sample, row.cells, number, row.chosen ? "chosen" : "");
    const passed = row.passed
      ? SUITES.filter((suite) => counts[suite]).map((suite) => row.passed[suite].join("/")).join(", ")
      : "";
    const last = make("td", "gap", row.cells ? passed + " \u2013 " + row.verdict.replaceAll("_", " ") : "not extracted");
    last.style.whiteSpace = "nowrap";
    tr.append(last);
  });
  const scroll = make("div", "scroll");
  scroll.append(table);
  return scroll;
}

function showTest(problem, row, at) {
  const column = problem.columns[at];
  const part = make("div");
  const said = truth(problem, at);
  part.append(make("h4", "", "Test " + testName(column) + (said ? ": " + said + " by the reference solution" : "")));
  const io = make("div", "io");
  io.append(named("input", column.stdin), named("expected output", column.expected));
  part.append(io);
  if (row !== null && problem.rows[row].cells) {
    const output = problem.rows[row].outputs[at];
    const letter = problem.rows[row].cells[at];
    const numbered = /^#\d+$/.test(output);
    const printed = numbered
      ? "It printed more than is kept (output " + output + " of this test: equal numbers, equal outputs)."
      : output === "" ? "It printed nothing." : "It printed: " + output;
    part.append(make("p", "", "Program " + problem.rows[row].sample + ": " + WORDS[letter] + ". " + printed));
  }
  return part;
}

function showProgram(problem, row) {
  const part = make("div");
  const program = problem.rows[row];
  if (!program.cells) {
    part.append(make("p", "", "Program " + program.sample + " could not be read; the reason is below."));
    return part;
  }
  const same = problem.rows.flatMap((other) => (other.program === program.program ? [other.sample] : []));
  const title = (same.length > 1 ? "Programs " : "Program ") + same.join(", ") + ": " + program.verdict.replaceAll("_", " ");
  const used = program.cpu_s + " s of CPU and " + Math.round(program.peak_kb / 1024) + " MB at most";
  part.append(make("h4", "", title + ", " + used), make("pre", "", problem.programs[program.program]));
  return part;
}

function view(problem) {
  const box = make("div", "box");
  const statement = problem.statement
    ? folded("Question", make("pre", "", problem.statement), problem.statement.length < 1500)
    : make("p", "note", problem.no_statement || "There is no statement.");
  box.append(statement);
  for (const note of problem.notes) box.append(make("p", "note", note));
  const selected = make("div");
  const show = (row, at) => {
    selected.replaceChildren();
    if (row !== null) selected.append(showProgram(problem, row));
    if (at !== null) selected.append(showTest(problem, row, at));
  };
  if (problem.rows.length || problem.reference !== null) {
    box.append(grid(problem, show));
    const picked = problem.rows.filter((row) => row.chosen).length;
    const mark = picked === 0 ? "" : picked === 1
      ? "\u25B6 marks the program that passes the most generated tests. "
      : "\u25B6 marks the programs that pass the most generated tests. ";
    const hint = mark + "A cell, a program's name or a test's number shows what is behind it. Limit " + problem.limit_s + " s of CPU, outputs compared by " + problem.comparison + ".";
    box.append(make("p", "note", hint), selected);
    const start = Math.max(0, problem.rows.findIndex((row) => row.chosen));
    if (problem.rows.length) show(start, null);
  } else {
    box.append(make("p", "note", "There are no programs."));
  }
  const programs = make("div");
  problem.programs.forEach((source, number) => {
    const rows = problem.rows.filter((row) => row.program === number);
    const verdict = rows[0].verdict.replaceAll("_", " ");
    programs.append(folded("Program " + rows.map((row) => row.sample).join(", ") + ": " + verdict, make("pre", "", source)));
  });
  if (problem.programs.length) box.append(folded("All programs (" + problem.programs.length + " different)", programs));
  if (problem.columns.length) {
    const tests = make("div");
    const all = folded("All tests (" + problem.columns.length + ")", tests);
    all.addEventListener("toggle", () => {
      if (!tests.childElementCount) problem.columns.forEach((_, at) => tests.append(showTest(problem, null, at)));
    });
    box.append(all);
  }
  if (problem.unread.length) {
    const unread = make("div");
    for (const one of problem.unread) {
      unread.append(make("h4", "", one.kind + " " + one.index + ": " + one.why));
      if (one.answer) unread.append(make("pre", "", one.answer));
    }
    box.append(folded("Not extracted (" + problem.unread.length + ")", unread, problem.unread.length < 3));
  }
  return box;
}

async function toggle(row) {
  const button = row.querySelector("button.open");
  const open = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!open));
  if (row.nextElementSibling && row.nextElementSibling.classList.contains("detail")) {
    row.nextElementSibling.hidden = open;
    return;
  }
  if (!button.disabled) history.replaceState(null, "", "#problem-" + row.dataset.at);
  const detail = make("tr", "detail");
  const cell = make("td");
  cell.colSpan = row.cells.length;
  detail.append(cell);
  row.after(detail);
  try {
    if (typeof DecompressionStream === "undefined") throw new Error("this browser cannot unpack gzip (DecompressionStream)");
    cell.append(view(await unpack(row.dataset.at)));
  } catch (error) {
    cell.append(make("p", "", "This problem cannot be shown: " + error.message + ". tables.jsonl beside this file has it too."));
  }
}

// report.html#problem-3 opens the problem with that number.
function openNamed() {
  const found = /^#problem-(\d+)$/.exec(location.hash);
  const row = found && document.querySelector('tr.problem[data-at="' + found[1] + '"]');
  if (!row) return;
  if (row.querySelector("button.open").getAttribute("aria-expanded") !== "true") toggle(row);
  row.scrollIntoView();
}

const rows = [...document.querySelectorAll("tr.problem")];
for (const row of rows) row.querySelector("button.open").addEventListener("click", () => toggle(row));

const search = document.getElementById("search");
const kind = document.getElementById("kind");
function filter() {
  const words = search.value.toLowerCase();
  let shown = 0;
  for (const row of rows) {
    const name = row.cells[0].textContent.toLowerCase();
    const fits = name.includes(words) && (!kind.value || row.dataset.kinds.split(" ").includes(kind.value));
    row.hidden = !fits;
    const next = row.nextElementSibling;
    if (next && next.classList.contains("detail")) {
      next.hidden = !fits || row.querySelector("button.open").getAttribute("aria-expanded") !== "true";
    }
    shown += fits;
  }
  document.getElementById("count").textContent = shown === rows.length ? shown + " problems" : shown + " of " + rows.length + " problems";
}
if (search) {
  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);
}

function sortBy(column, head) {
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => {
    const cell = row.cells[column];
    const text = cell.dataset.v === undefined ? cell.textContent : cell.dataset.v;
    const value = Number(text);
    return text === "" || Number.isNaN(value) ? text : value;
  };
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
    return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
  };
  const body = rows[0].parentNode;
  for (const row of [...rows].sort(compare)) {
    const next = row.nextElementSibling;
    const detail = next && next.classList.contains("detail") ? next : null;
    body.append(row);
    if (detail) body.append(detail);
  }
}
document.querySelectorAll("#problems .panel > .scroll > table > thead th").forEach((head, column) => {
  head.querySelector("button").addEventListener("click", () => sortBy(column, head));
});

addEventListener("hashchange", openNamed);
openNamed();
