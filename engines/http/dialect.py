"""Which parameters of a request a server accepts: at first all, later all but those that it has refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from engines.http.report import Report

LIMITS = ("max_tokens", "max_completion_tokens")
"""Two names of the parameter that limits a completion's length."""
SYSTEM = "system"
"""Name in `Dialect.dropped` of the system role: the text of system messages is then put before the user's message."""

REFUSALS = (400, 404, 422, 500, 501)
"""HTTP statuses with which servers refuse parameters, some without naming a parameter."""
_OTHER_STATUSES = (401, 402, 407, 408, 425, 429, 498, 503, 504, 529)
"""HTTP statuses that are about the key, money, load or time, whatever parameters their texts name."""
_REFUSING = re.compile(
    r"\b(?:not|n't|unsupported|un(?:know|expect|recogni[sz])\w+|invalid|extra|forbidden|prohibited|must|should|cannot)\b"
    r"|n't\b|\bonly\b|\bdisabled\b|> ?1\b"
)
_LONGEST = 400
"""Characters from which the text of an error with status 404, or none of REFUSALS, is taken for a web page."""

# Patterns by which a refusal names each parameter. Where a refusal names several, the first here is left out first: the
# order is by how little the samples change.
_PATTERNS = {
    "stream_options": r"stream_options|include_usage",
    "logprobs": r"\blog_?probs\b|log probabilit",
    "n": (
        r"(?<![\w\\])n\b|\bchoices?\b|\bnum_(?:choices|completions)|\bbest_of\b"
        r"|multiple (?:candidate|completion|response|sample|output)|\bcandidate_?count\b"
    ),
    "seed": r"\bseed\b",
    "top_k": r"\btop[_-]?k\b",
    "top_p": r"\btop[_-]?p\b|\bnucleus\b",
    SYSTEM: (
        r"\b(?:system|developer)['\"`]?[ _-](?:role|message|prompt|instruction)|\brole\b.{0,60}\b(?:system|developer)\b"
        r"|roles must alternate|only user and assistant|\bmessages\W{0,3}0\W{0,3}role|valid role|message role"
        r"|(?:does not|doesn't) support.{0,20}\bsystem\b|(?:first message|conversations?)\b.{0,30}\buser\b"
    ),
    "stop": r"\bstop(?:[_ ]sequences?|[_ ]words?)?\b",
    "temperature": r"\btemperature\b",
    **dict.fromkeys(LIMITS, r"\bmax_?(?:new_?|output_?|completion_?)?tokens\b|\bnum_predict\b"),
    "stream": (
        r"\bstream(?:ing)?\b.{0,60}(?:\bnot\b|n't|unsupported|disabled|\bfalse\b)"
        r"|(?:\bnot\b|n't|\bwithout\b|unsupported|unknown|unexpected).{0,60}\bstream(?:ing)?\b"
    ),
}
PARAMETERS = frozenset(_PATTERNS)
"""Everything that may be left out of a request."""
_ALLOWED = re.compile(
    r"\b(?:allowed|supported|valid|permitted|accepted) (?:parameters?|params|fields?|keys|names)\b.*", re.S
)
_TOO_LARGE = re.compile(
    r"too (?:large|long|many|high)|context|at most|maximum|range|less than|exceed|greater|larger|between|> ?\d|<="
)
_CONTEXT = re.compile(
    r"context.{0,40}(?:length|size|window)|context_length|\btokens?\b.{0,80}\b(?:exceed|limit|maximum)"
)


@dataclass(frozen=True)
class Dialect:
    """What a server accepts. `dropped` holds the names of parameters that are left out of requests to it."""

    logprobs: bool = False
    """Whether log-probabilities are wanted."""
    limit: str = "max_tokens"
    """The one of LIMITS that is tried first for chat messages."""
    neutral: bool = False
    """Whether top_p = 1 is sent: without it, the server would use a value of the model's own."""
    dropped: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Whether the parameter may be sent."""
        return name not in self.dropped

    def without(self, *names: str) -> Dialect:
        """The dialect in which these parameters are left out too."""
        return replace(self, dropped=tuple(dict.fromkeys((*self.dropped, *names)))) if names else self

    def refused(self, report: Report, sent: Collection[str]) -> str:
        """The parameter, one of those in `sent`, that a refusal is about; empty if it names none.

        `sent` holds the names in the request's body that may be left out, and SYSTEM for a system message.
        """
        named = re.split(r"[\[\].]+", report.parameter.lower())[-1]
        if named in sent and self.takes(named):
            return named
        words = _ALLOWED.sub("", f"{report.parameter} {report.text}".lower())
        names = (name for name in _PATTERNS if name in sent and self.takes(name))
        return next((name for name in names if re.search(_PATTERNS[name], words)), "")

    def guesses(self, sent: Collection[str]) -> list[Dialect]:
        """Dialects to try after a refusal that names no parameter: without one each, then without all but `stream`."""
        names = [name for name in _PATTERNS if name in sent and self.takes(name)]
        several = [self.without(*(name for name in names if name != "stream"))] if len(names) > 1 else []
        return [*(self.without(name) for name in names), *several]


def may_name(report: Report, status: int) -> bool:
    """Whether a parameter that an error names may be the reason for it.

    Servers refuse parameters with nearly any status; where it is 404 or not in REFUSALS, the error's text must have a
    word of refusal, such as `unsupported`.
    """
    if status in REFUSALS and status != 404:
        return True
    text = report.text.lower()
    return status >= 400 and status not in _OTHER_STATUSES and len(text) < _LONGEST and bool(_REFUSING.search(text))


def is_about_context(report: Report) -> bool:
    """Whether a refusal says that prompt and completion together are longer than the model allows."""
    return bool(_CONTEXT.search(f"{report.code} {report.text}".lower()))


def is_about_size(report: Report) -> bool:
    """Whether a refusal of the length limit is about its value being too large; a smaller value may be accepted."""
    return bool(_TOO_LARGE.search(report.text.lower()))


def is_about_model(report: Report, model: str) -> bool:
    """Whether an error says that the model, not the path, does not exist."""
    words = f"{report.code} {report.text}".lower()
    return bool(re.search(r"(?<![/\w])models?\b|model_|deployment", words)) or (bool(model) and model.lower() in words)


def names_parameters(report: Report) -> bool:
    """Whether an error speaks of parameters at all."""
    return bool(re.search(r"param|argument|\bfield|\bproperty|\boption", report.text.lower()))


def may_be_parameter(report: Report, status: int) -> bool:
    """Whether a refusal that names no parameter may nevertheless be about a parameter."""
    words = f"{report.code} {report.text}".lower()
    is_other = re.search(r"\bmodel\b|context|too long|\btokens\b|polic|safety|moderat", words)
    return names_parameters(report) or (status in (400, 422, 501) and not is_other)
