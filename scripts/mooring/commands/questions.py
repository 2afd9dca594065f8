"""Questions to the person at a terminal, with an answer that Enter takes."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable

from mooring.errors import UsageError
from mooring.report.console import Console


def can_ask(console: Console) -> bool:
    """Whether somebody is there to answer: a terminal on both sides, and no `--json`."""
    return console.terminal and not console.silent and sys.stdin.isatty()


def ask(console: Console, question: str, default: str | None, check: Callable[[str], str]) -> str:
    """The answer, asked again until `check` takes it; it raises ArgumentTypeError with what is wrong."""
    while True:
        said = _line(console, f"{question}{f' [{default}]' if default else ''}: ") or default or ""
        try:
            return check(said)
        except ArgumentTypeError as error:
            console.note(str(error))


def ask_several(console: Console, question: str, default: list[str], check: Callable[[str], str]) -> list[str]:
    """The same for a list, separated by spaces or commas."""

    def every(said: str) -> str:
        return " ".join(dict.fromkeys(check(word) for word in said.replace(",", " ").split()))

    return ask(console, question, " ".join(default), every).split()


def agrees(console: Console, question: str) -> bool:
    """Whether the answer is yes; Enter is no."""
    return _line(console, f"{question} [y/N]: ").lower() in ("y", "yes")


def _line(console: Console, prompt: str) -> str:
    console.out.write(console.styled(prompt, "bold"))
    console.out.flush()
    said = sys.stdin.readline()
    if not said:
        raise UsageError("nobody answered", "say it with flags: --help")
    return said.strip()
