"""Classifies failures of HTTP requests, and says whether and when to retry."""

from __future__ import annotations

import json
import math
import random
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

from engines.http.events import GarbageError, NoAnswerError
from engines.http.report import Report, read_report, shortened

PASSING = {408, 409, 425, 429, 498}
"""HTTP statuses under 500 after which a retry may help; 498 is Groq's for a lack of capacity."""
OVERLOADED = {408, 429, 498, 502, 503, 504, 529}
"""HTTP statuses of a server that has too much to do."""
HOPELESS_CODES = {"insufficient_quota", "billing_hard_limit_reached"}
"""Error codes after which a retry never helps."""
_UNREACHABLE_RETRIES = 3
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = r"(\d+(?:\.\d+)?) ?(ms|s|m|h)(?:ec(?:onds?|s)?|in(?:utes?|s)?|ours?)?"
_TRY_AGAIN = re.compile(rf"(?:try again|retry|wait)(?: in| after| for)? ((?:{_TIME}[ ,]*(?:and )?)+)(?![a-z])")
_IS_BUSY = re.compile(
    r"\bload(?:ing|ed)\b|starting|warming|initiali[sz]ing|not ready|overloaded|\bbusy\b|capacity|too many|\bqueue"
    r"|\bpending\b|try again|retry"
)
_SPENT = re.compile(
    r"(?:per[ -]|\b)(?:day|daily|week|weekly|month|monthly)\b|\bquota\b|\bcredits?\b|\bbilling\b|\bbalance\b"
)
"""Words of a limit on usage that does not pass within minutes."""


class Failure(Exception):
    """A failed attempt. `passing`: a retry may help. `wait_s`: seconds that the server asks to wait."""

    def __init__(
        self,
        reason: str,
        passing: bool,
        wait_s: float | None = None,
        status: int = 0,
        unreachable: bool = False,
        report: Report | None = None,
        is_wrong_path: bool = False,
        broke_off: bool = False,
        busy: bool = False,
    ) -> None:
        """`is_wrong_path`: the path does not exist or leads to something else, such as a web page. `broke_off`: the
        server broke off (status 500, a closed connection) and may not say why. `busy`: the server says that it has too
        much to do, or is still loading its model.
        """
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.wait_s = wait_s
        self.status = status
        self.unreachable = unreachable
        self.report = report or Report(reason)
        self.is_wrong_path = is_wrong_path or status in (404, 405)
        self.broke_off = broke_off
        self.busy = busy

    @property
    def certain(self) -> bool:
        """Whether the server certainly did nothing, because it was not reached or refused the request."""
        return self.unreachable or (400 <= self.status < 500 and self.status not in (408, 409))


EXPECTED = (Failure, OpenAIError, httpx2.HTTPError, TimeoutError, ValueError, RecursionError)
"""Exceptions that a server or the network can cause in an attempt; `failure` classifies them."""


def failure(error: Exception, url: str) -> Failure:
    """The error as a Failure; raises the error itself if neither server, network nor prompt caused it."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, APIStatusError):
        problem = status_failure(error.status_code, error.response.text, url, error.response.headers)
        problem.broke_off = problem.status == 500
        return problem
    if isinstance(error, APITimeoutError | TimeoutError):
        return Failure(f"{url} did not answer in time", passing=True)
    if isinstance(error, APIConnectionError | httpx2.HTTPError):
        cause = error.__cause__ if isinstance(error, APIConnectionError) else error
        what = " ".join(str(cause).split()) or type(cause).__name__
        unreachable = type(cause).__name__ in ("ConnectError", "ConnectTimeout", "ProxyError")
        place = f"{url} through a proxy" if type(cause).__name__ == "ProxyError" else url
        return Failure(
            f"cannot connect to {place}: {what}" if unreachable else f"{url} broke the connection: {what}",
            passing=type(cause).__name__ != "UnsupportedProtocol",
            unreachable=unreachable,
            broke_off=not unreachable,
        )
    if isinstance(error, NoAnswerError):
        said = shortened(read_report(str(error)).text)
        return Failure(f"{url} sent something that is no answer: {said!r}", passing=True, is_wrong_path=True)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | GarbageError):
        return Failure(f"{url} sent garbage: {shortened(str(error))}", passing=True)
    if isinstance(error, RecursionError):
        return Failure(f"{url} sent garbage: JSON nested too deeply", passing=True)
    if isinstance(error, UnicodeEncodeError):
        return Failure("the prompt cannot be sent: it contains characters that are not Unicode text", passing=False)
    raise error


def status_failure(status: int, body: object, url: str, headers: Mapping[str, str] | None = None) -> Failure:
    """The failure that an HTTP status and body mean; for a status below 400, the one named in the body, else 500."""
    report = read_report(body)
    in_answer = status < 400
    if in_answer:
        # LM Studio answers 200 at unknown paths, with a body that says that the endpoint is unexpected.
        status = 404 if "unexpected endpoint" in report.text.lower() else report.status or 500
    hint = ""
    if status in (401, 403):
        hint = " (is the API key right? OPENAI_API_KEY for openai:NAME, CURE_AGENT_API_KEY for a URL)"
    what = f"{url} reported an error in its answer" if in_answer and not report.status else f"HTTP {status}"
    wait_s = retry_after(headers or {})
    words = report.text.lower()
    if wait_s is None and (found := _TRY_AGAIN.search(words)):
        wait_s = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_TIME, found[1]))
    spent = report.code in HOPELESS_CODES or (status == 429 and wait_s is None and bool(_SPENT.search(words)))
    passing = (status in PASSING or status >= 500) and not spent
    busy = passing and (status in (429, 498, 529) or (status == 503 and bool(_IS_BUSY.search(words))))
    reason = f"{what}: {shortened(report.text)}{hint}"
    return Failure(reason, passing, wait_s, status, report=report, busy=busy)


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
    return min(most_s, base_s * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Patience:
    """The retry policy of an engine."""

    backoff_s: float
    most_backoff_s: float
    patience_s: float
    """Seconds after the first failure from which there is no retry."""
    retries: int = sys.maxsize
    longest_wait_s: float = math.inf
    """Seconds; there is no retry if the wait before it would be longer."""

    def wait_s(self, problem: Failure, failures: int, elapsed_s: float, reached: bool) -> float | None:
        """Seconds until the next try after this many failures, `elapsed_s` after the first; None for no retry.

        A server that says that it is busy is asked again until `patience_s`, unless there are no retries at all.
        `reached` says whether the server has answered before: with a sample, or in the batch API with anything. If it
        has not, a failure to connect is retried three times at most, and status 429, which may mean a quota of 0,
        `retries` times.
        """
        retries = min(self.retries, _UNREACHABLE_RETRIES) if problem.unreachable and not reached else self.retries
        wait = max(pause(failures, self.backoff_s, self.most_backoff_s), problem.wait_s or 0.0)
        is_waited_for = problem.busy and retries and (reached or problem.status != 429)
        is_spent = failures > retries and not is_waited_for
        if not problem.passing or is_spent or wait > self.longest_wait_s:
            return None
        return wait if elapsed_s + wait <= self.patience_s else None
