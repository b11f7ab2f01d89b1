"""Turns statements in TeX into Markdown: headings, lists, emphasis; formulas are left as they are."""

from __future__ import annotations

import re

_RULES = [
    (r"(?m)(?<!\\)%.*$", ""),
    (r"\\problemname\{([^{}]*)\}", r"# \1\n"),
    (r"\\(?:section|subsection|subsubsection)\*?\{([^{}]*)\}", r"\n## \1\n"),
    (r"\\InputFile\b", "\n## Input\n"),
    (r"\\OutputFile\b", "\n## Output\n"),
    (r"\\Note\b", "\n## Note\n"),
    (r"\\begin\{lstlisting\}|\\begin\{verbatim\}|\\end\{lstlisting\}|\\end\{verbatim\}", "\n```\n"),
    (r"\\(?:begin|end)\{[A-Za-z]+\*?\}(?:\[[^\]\n]*\])?", "\n"),
    (r"\\item\b[ \t]*", "- "),
    (r"\\(?:textbf|bf|bfseries|t?strong)\{([^{}]*)\}", r"**\1**"),
    (r"\\(?:textit|emph|it|textsl)\{([^{}]*)\}", r"*\1*"),
    (r"\\(?:texttt|t|verb|tt)\{([^{}]*)\}", r"`\1`"),
    (r"\\(?:href|url)\{([^{}]*)\}(?:\{([^{}]*)\})?", r"\2 \1"),
    (r"\\includegraphics(?:\[[^\]\n]*\])?\{([^{}]*)\}", r"(picture \1)"),
    (r"\\illustration\{[^{}]*\}\{([^{}]*)\}\{[^{}]*\}", r"(picture \1)"),
    (r"\\(?:noindent|medskip|bigskip|smallskip|newpage|centering|par|hfill)\b", ""),
    (r"``|''", '"'),
    (r"~", " "),
    (r"\\\\(?:\[[^\]\n]*\])?", "\n"),
    (r"---", "—"),
    (r"\\([%&#])", r"\1"),
    (r"\n{3,}", "\n\n"),
]


def text_of(tex: str) -> str:
    """A statement in TeX as Markdown."""
    for pattern, replacement in _RULES:
        tex = re.sub(pattern, replacement, tex)
    return "\n".join(line.rstrip() for line in tex.split("\n")).strip()
