"""Classifies failures of HTTP requests, and says whether and when to retry."""

from __future__ import annotations

import json
import math
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, OpenAIError

from engines.http.wire import GarbageError

PASSING = {408, 409, 425, 429}
"""HTTP statuses under 500 after which a retry may help."""
HOPELESS_CODES = {"insufficient_quota", "billing_hard_limit_reached"}
"""Error codes after which a retry never helps."""
_LONGEST_REASON = 300
_UNREACHABLE_RETRIES = 3


class Failure(Exception):
    """A failed attempt. `passing`: a retry may help. `wait_s`: seconds that the server asks to wait."""

    def __init__(
        self, reason: str, passing: bool, wait_s: float | None = None, status: int = 0, unreachable: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.wait_s = wait_s
        self.status = status
        self.unreachable = unreachable

    @property
    def certain(self) -> bool:
        """Whether the server certainly did nothing: it was not reached or refused. Else it may have acted."""
        return self.unreachable or (400 <= self.status < 500 and self.status not in (408, 409))


EXPECTED = (Failure, OpenAIError, httpx2.HTTPError, TimeoutError, ValueError, RecursionError)
"""Exceptions that a server or the network can cause in an attempt; `failure` classifies them."""


def failure(error: Exception, url: str) -> Failure:
    """The error as a Failure; raises the error itself if neither the server nor the network caused it."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, APIStatusError):
        return _status_failure(error, url)
    if isinstance(error, APITimeoutError | TimeoutError):
        return Failure(f"{url} did not answer in time", passing=True)
    if isinstance(error, APIConnectionError | httpx2.HTTPError):
        cause = error.__cause__ if isinstance(error, APIConnectionError) else error
        what = " ".join(str(cause).split()) or type(cause).__name__
        unreachable = type(cause).__name__ in ("ConnectError", "ConnectTimeout")
        return Failure(
            f"cannot connect to {url}: {what}" if unreachable else f"{url} broke the connection: {what}",
            passing=type(cause).__name__ != "UnsupportedProtocol",
            unreachable=unreachable,
        )
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | GarbageError):
        return Failure(f"{url} sent garbage: {shortened(str(error))}", passing=True)
    if isinstance(error, RecursionError):
        return Failure(f"{url} sent garbage: JSON nested too deeply", passing=True)
    if isinstance(error, APIError):
        return Failure(f"{url} reported in mid-stream: {shortened(error.message)}", passing=True)
    if isinstance(error, UnicodeEncodeError):
        return Failure("the prompt cannot be sent: it holds characters that are no Unicode text", passing=False)
    raise error


def _status_failure(error: APIStatusError, url: str) -> Failure:
    status = error.status_code
    body = error.body if isinstance(error.body, Mapping) else {}
    message = shortened(str(body.get("message") or body.get("detail") or error.message))
    hint = ""
    if status in (401, 403):
        hint = " (is the API key right? OPENAI_API_KEY for openai:NAME, CURE_AGENT_API_KEY for a URL)"
    elif status == 404 and not url.endswith("/v1"):
        hint = f" (does {url} lack /v1?)"
    passing = (status in PASSING or status >= 500) and body.get("code") not in HOPELESS_CODES
    return Failure(f"HTTP {status}: {message}{hint}", passing, retry_after(error.response.headers), status)


def shortened(text: str) -> str:
    """The text in one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else line[:_LONGEST_REASON] + "…"


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds the server asks to wait (Retry-After in seconds or as a date, or retry-after-ms); None if it does not."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        value = headers.get("retry-after")
        if not value:
            return None
        if value.strip().replace(".", "", 1).isdigit():
            return float(value)
        return max(0.0, parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now))
    except ValueError:  # An unreadable header: the usual pause applies.
        return None


def pause(failures: int, base_s: float, most_s: float) -> float:
    """Seconds before the next try after this many failures: exponential backoff, times a random factor in 0.5..1."""
    return min(most_s, base_s * 2.0 ** (failures - 1)) * random.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Patience:
    """The retry policy of an engine."""

    backoff_s: float
    most_backoff_s: float
    patience_s: float
    """Seconds after the first try from which there is no retry."""
    retries: int = sys.maxsize
    longest_wait_s: float = math.inf
    """Seconds; there is no retry if the server asks to wait longer."""

    def wait_s(self, problem: Failure, failures: int, elapsed_s: float, reached: bool) -> float | None:
        """Seconds until the next try after this many failures in a row; None for no retry.

        `reached` says whether the server ever answered; a server that never did is retried three times at most.
        """
        retries = min(self.retries, _UNREACHABLE_RETRIES) if problem.unreachable and not reached else self.retries
        wait = max(pause(failures, self.backoff_s, self.most_backoff_s), problem.wait_s or 0.0)
        if not problem.passing or failures > retries or wait > self.longest_wait_s:
            return None
        return wait if elapsed_s + wait <= self.patience_s else None
