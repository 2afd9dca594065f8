"""An answer as GitHub's Markdown, from which nothing that others wrote gets out.

Texts are code or escaped, a fence is longer than any run of backticks in it, and nothing mentions or refers to
anybody or anything.
https://github.github.com/gfm/
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mooring.change.wording import clip
from mooring.chat.answer import Answer
from mooring.chat.platforms.text import CELL, heading, newest, verbatim, web_link
from mooring.chat.platforms.wording import NOTHING, WORDS, footer, left_out

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""

STEPS = ((30_000, 100, 50), (10_000, 50, 20), (2000, 10, 10))
"""Characters of a log, rows and facts, as many as together are short enough."""

VALUE = 300

_MARKUP = re.compile(r"([\\`*_~|\[\]()#!{}+.-])")
_REFERENCE = re.compile(r"([@#:/]|GH-|gh-)(?=[\w/@-])")


def markdown(answer: Answer, mark: str) -> str:
    """The comment; its first line, which nobody sees, tells which it is."""
    text = ""
    for log, rows, facts in STEPS:
        kept = tuple(newest(answer, verbatim(answer.log), log))
        missing = len(answer.table) - len(answer.table[: rows + 1])
        short = replace(answer, log=kept, table=answer.table[: rows + 1], facts=answer.facts[:facts])
        text = _markdown(short, mark, left_out(answer, missing) if missing else "")
        if len(text) <= LONGEST:
            break
    return text


def _markdown(answer: Answer, mark: str, note: str) -> str:
    parts = [mark, f"**{escaped(heading(answer))}**"]
    parts += ["\n".join(lines) for lines in (list(_facts(answer)), list(_table(answer))) if lines]
    parts += [note] if note else []
    parts += [fenced(answer.log)] if answer.log else []
    details = f"[{WORDS[answer.language]['details']}]({web_link(answer)})" if web_link(answer) else ""
    below = " · ".join(part for part in (escaped(footer(answer)), details) if part)
    return "\n\n".join([*parts, *([f"<sub>{below}</sub>"] if below else [])]) + "\n"


def _facts(answer: Answer) -> Iterator[str]:
    for label, value in answer.facts:
        yield f"- {escaped(clip(label, CELL))}: {code(clip(value, VALUE))}"


def _table(answer: Answer) -> Iterator[str]:
    if not answer.table:
        return
    head, *rows = answer.table
    yield _row([escaped(clip(cell, CELL)) for cell in head])
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row([code(clip(cell, CELL)).replace("|", "\\|") if cell else "" for cell in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """A code span that shows `text`, whatever is in it; in one nothing is a mention, a link or HTML."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest or text.startswith(" ") else ""
    return f"{fence}{space}{text}{space}{fence}" if text.strip() else NOTHING


def fenced(lines: Sequence[str]) -> str:
    """A block of code that its lines cannot end."""
    text = "\n".join(lines)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=2) + 1)
    fence = fence if len(fence) >= 3 else "```"
    return f"{fence}text\n{text}\n{fence}"


def escaped(text: str) -> str:
    """Text that is neither markup nor HTML, and names nobody: a zero-width space follows what would begin a name."""
    apart = _REFERENCE.sub("\\1\u200b", text)
    html = apart.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", html)
