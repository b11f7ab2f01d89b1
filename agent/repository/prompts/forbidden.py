"""What generated tests may not do: skip themselves, use the network, run the tool or pytest, end the process."""

from __future__ import annotations

import ast
import re

_NETWORK = frozenset(
    {"socket", "requests", "httpx", "urllib.request", "http.client", "aiohttp", "ftplib", "smtplib", "telnetlib"}
)
_SKIPS = re.compile(
    r"(?:pytest\.)?(?:mark\.)?(?:skip|skipif|xfail|importorskip|exit)$|(?:unittest\.)?(?:skip\w*|expectedFailure)$"
)
_ENDS = frozenset({"os._exit", "os.abort", "sys.exit", "exit", "quit", "pytest.main", "os.kill"})
_STARTS = re.compile(
    r"(?:subprocess\.\w+|os\.system|os\.popen|os\.exec\w*|os\.spawn\w*|Popen|check_output|check_call)$"
)
_TOOL = re.compile(r"\b(?:cure[-_]agent|pytest|py\.test)\b")


def forbidden_use(module: ast.Module) -> str:
    """What a test does that tests may not do, as a sentence; empty where it does nothing such."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else _from(node)
            if found := next((name for name in names if _is_network(name)), None):
                return f"It uses the network: {found}."
        elif isinstance(node, ast.Attribute | ast.Name):
            name = ast.unparse(node)
            if name.startswith(("pytest.", "unittest.", "skip", "mark.")) and _SKIPS.match(name):
                return f"It may skip itself: {name}."
            if name in _ENDS and isinstance(getattr(node, "ctx", None), ast.Load):
                return f"It ends the process or runs pytest: {name}."
        elif isinstance(node, ast.Call) and _runs_tool(node):
            return f"It runs the test tool itself: {ast.unparse(node)[:60]}."
    return ""


def _runs_tool(node: ast.Call) -> bool:
    return bool(_STARTS.match(ast.unparse(node.func)) and _TOOL.search(ast.unparse(node)))


def _from(node: ast.ImportFrom) -> list[str]:
    module = node.module or ""
    return [module, *(f"{module}.{alias.name}" for alias in node.names)]


def _is_network(name: str) -> bool:
    return name in _NETWORK or name.partition(".")[0] in _NETWORK - {"urllib.request", "http.client"}
