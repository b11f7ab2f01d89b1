"""Reads the errors of servers: an object, a text, a list or a web page, in whatever shape a server or gateway sends."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MESSAGES = (
    *("message", "error", "errors", "detail", "msg", "error_msg", "error_message", "errormessage", "errmsg"),
    *("status_msg", "faultstring", "reason", "description", "title"),
)
_INNER = ("error", "errors", "detail", "message")
_SHORT = 300
_DEEP = 6


@dataclass(frozen=True)
class Report:
    """A server's error."""

    text: str
    """Everything that the server says about it, in one line."""
    status: int = 0
    """The HTTP status that the error itself names; 0 where it names none."""
    code: str = ""
    """The server's word for the error, such as `model_not_found`."""
    parameter: str = ""
    """The parameter at fault as the server names it, such as `body.top_p`."""


def read_report(body: object) -> Report:
    """The error in a body: parsed JSON, or text that may be JSON or HTML."""
    body = _opened(_parsed(body) if isinstance(body, str) else body)
    inner = _innermost(body)
    code = next((str(inner[name]) for name in ("code", "type", "error_type") if inner.get(name)), "")
    return Report(
        text=_line(_said(body)) or _line(code) or "no reason given",
        status=_status(body),
        code=code if not code.isdigit() else str(inner.get("type") or ""),
        parameter=_parameter(inner),
    )


def is_error(data: object) -> bool:
    """Whether an object sent in place of an answer, with status 200 or as an event, is an error."""
    if isinstance(data, list):
        return bool(data) and is_error(data[0])
    if not isinstance(data, Mapping):
        return False
    choices = data.get("choices")
    if choices and not data.get("error"):
        return isinstance(choices, list) and _failed_choice(choices) is not None
    fields = _opened(data)
    return isinstance(fields, Mapping) and (
        bool(fields.get("error") or fields.get("errors"))
        or "error" in (fields.get("object"), fields.get("type"), fields.get("status"))
        or bool(fields.get("status_code"))
        or ("choices" not in fields and any(fields.get(name) for name in _MESSAGES if name not in ("reason", "title")))
    )


def shortened(text: str) -> str:
    """The text in one line; of a longer line the first 300 characters and an ellipsis."""
    line = _line(text)
    return line if len(line) <= _SHORT else line[:_SHORT] + "…"


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if "<html" in text[:2000].lower() or text.lstrip()[:9].lower() == "<!doctype":
            page = re.sub(r"<(script|style)\b.*?</\1>", " ", text[:20_000], flags=re.I | re.S)
            title = re.search(r"<title[^>]*>(.*?)</title>", page, re.I | re.S)
            words = _line(re.sub(r"<[^>]*>", " ", page[title.end() :] if title else page))
            heading = _line(title.group(1)) if title else ""
            return words if words.startswith(heading) else f"{heading}: {words}" if words else heading
        return text


def _opened(body: object) -> object:
    """The body with lower-case names.

    Where an object under `response`, `fault` or `base_resp`, or one of the choices, holds the error: only that object.
    """
    fields = _small(body)
    if not isinstance(fields, Mapping):
        return fields
    for name in ("response", "fault", "base_resp"):
        inner = fields.get(name)
        if not isinstance(inner, Mapping) or fields.get("error") or str(inner.get("status_code")) == "0":
            continue
        if any(inner.get(word) for word in _MESSAGES):
            return inner
    choices = fields.get("choices")
    choice = _failed_choice(choices) if isinstance(choices, list) and not fields.get("error") else None
    return fields if choice is None else choice


def _small(value: object, depth: int = 0) -> object:
    """The value with all names in lower case: servers on .NET and AWS write capitals."""
    if depth > _DEEP:
        return value
    if isinstance(value, Mapping):
        return {str(name).lower(): _small(inner, depth + 1) for name, inner in value.items()}
    return [_small(part, depth + 1) for part in value] if isinstance(value, list) else value


def _failed_choice(choices: list[Any]) -> Mapping[str, Any] | None:
    return next((row for row in choices if isinstance(row, Mapping) and row.get("error")), None)


def _innermost(body: object, depth: int = 0) -> Mapping[str, Any]:
    """The object that describes the error: the innermost under `error`, `errors`, `detail` or `message`.

    A list stands for its first item. Empty where there is no object.
    """
    if isinstance(body, list):
        return _innermost(body[0], depth + 1) if body and depth < _DEEP else {}
    if not isinstance(body, Mapping):
        return {}
    for name in _INNER:
        if (
            isinstance(body.get(name), Mapping | list)
            and depth < _DEEP
            and (found := _innermost(body[name], depth + 1))
        ):
            return found
    return body


def _said(value: object, depth: int = 0) -> str:
    """The words of an error of any shape."""
    if isinstance(value, str):
        # Gateways pass the error of the server behind them on as a text of JSON.
        inner = _parsed(value) if value.lstrip()[:1] in ("{", "[") and depth < _DEEP else value
        return value if isinstance(inner, str) else _said(inner, depth + 1) or value
    if depth > _DEEP:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_said(part, depth + 1) for part in value)))
    if not isinstance(value, Mapping):
        return ""
    said = next((said for name in _MESSAGES if (said := _said(value.get(name), depth + 1))), "")
    if fields := "; ".join(field for field in _fields(value, depth) if field not in said):
        said = f"{said}: {fields}" if said else fields
    if isinstance(place := value.get("loc"), list | tuple):
        said = f"{'.'.join(map(str, place))}: {said}"
    metadata = value.get("metadata")
    if isinstance(metadata, Mapping) and (raw := _said(metadata.get("raw"), depth + 1)) and raw not in said:
        said = f"{said}: {raw}" if said else raw
    return said


def _fields(value: Mapping[str, Any], depth: int) -> list[str]:
    """What a validator says about each field: lists of texts by the fields' names, or Google's `fieldViolations`."""
    by_name = value.get("errors", value)
    violations = value.get("fieldviolations")
    found = [part for part in violations if isinstance(part, Mapping)] if isinstance(violations, list) else []
    said = [f"{part.get('field')}: {_said(part, depth + 1)}" for part in found]
    for detail in details if isinstance(details := value.get("details"), list) and depth < _DEEP else ():
        said += _fields(detail, depth + 1) if isinstance(detail, Mapping) else []
    if isinstance(by_name, Mapping):
        texts = {name: part for name, part in by_name.items() if isinstance(part, list) and name not in _MESSAGES}
        said += [
            f"{name}: {' '.join(words)}"
            for name, part in texts.items()
            if (words := [word for word in part if isinstance(word, str)])
        ]
    return said


def _status(body: object, depth: int = 0) -> int:
    if isinstance(body, list):
        return _status(body[0], depth + 1) if body and depth < _DEEP else 0
    if not isinstance(body, Mapping):
        return 0
    for name in ("status_code", "code", "status", "http_status"):
        value = body.get(name)
        if isinstance(value, int | str) and re.fullmatch(r"[45]\d\d", str(value)):
            return int(value)
    return max((_status(body.get(name), depth + 1) for name in ("error", "detail")), default=0) if depth < _DEEP else 0


def _parameter(inner: Mapping[str, Any]) -> str:
    if isinstance(place := inner.get("loc"), list | tuple):
        return ".".join(map(str, place))
    return next((str(inner[name]) for name in ("param", "parameter", "field") if inner.get(name)), "")


def _line(text: str) -> str:
    return " ".join(text.split())
