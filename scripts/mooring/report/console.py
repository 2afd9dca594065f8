"""Where a command writes: styled on a terminal, plain lines when piped, silent with `--json`."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from mooring.errors import Failed
from mooring.outcome import Reason

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
DIFF = {"+": "green", "-": "red", "~": "yellow"}

Notify = Callable[[str], None]

Advance = Callable[[str, str], None]
"""Reports a finished step: a short status and a line worth keeping; both may be ""."""


class Console:
    """The two output streams of a command. Everything meant for people goes through here.

    With `silent` nothing but `emit` and `error` writes. Rich is loaded only for a terminal's
    tables and spinners: its import costs more than a whole `moor rollback` may take.
    """

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, *, silent: bool = False, color: bool | None = None
    ) -> None:
        self.out = _writable(out or sys.stdout)
        self.err = _writable(err or sys.stderr)
        self.silent = silent
        self.terminal = self.out.isatty()
        self._color = color

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """`text` with the codes of `style` where the stream shows colors; unchanged elsewhere."""
        color = wants_color(stream or self.out, os.environ) if self._color is None else self._color
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if color and style and text else text

    def line(self, text: str = "", style: str = "") -> None:
        if not self.silent:
            self.emit(self.styled(text, style))

    def diff(self, text: str) -> None:
        """Prints the lines of a plan, with colors for added, removed and changed."""
        for line in text.splitlines():
            self.line(line, DIFF.get(line[:1], ""))

    def next_frame(self) -> None:
        """Starts a new frame: on a terminal it replaces the last one."""
        if self.terminal:
            self.out.write("\x1b[H\x1b[2J")

    def emit(self, text: str) -> None:
        """Writes the result itself, also when silent. Raises Failed(STORAGE) when it cannot be written."""
        try:
            self.out.write(text if text.endswith("\n") else f"{text}\n")
            self.out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            abandon(self.out)
            raise Failed(Reason.STORAGE, f"cannot write the output: {error.strerror}") from None

    def note(self, text: str) -> None:
        """Writes a remark that is not part of the result to the error stream."""
        if not self.silent:
            self._to_err("note", "yellow", text)

    def error(self, message: str, fix: str = "") -> None:
        self._to_err("error", "red", message)
        if fix:
            self.err.write(f"{self.styled('fix', 'cyan', self.err)}: {one_line(fix)}\n")

    def _to_err(self, label: str, style: str, text: str) -> None:
        self.err.write(f"moor: {self.styled(label, style, self.err)}: {one_line(text)}\n")
        self.err.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Prints rows under headings: a table on a terminal, aligned columns when piped."""
        if self.silent:
            return
        if self.terminal:
            from mooring.report.terminal import table

            table(self.out, columns, rows, color=self._color)
        else:
            self.emit("\n".join(aligned([columns, *rows])))

    @contextmanager
    def progress(self, title: str) -> Iterator[Notify]:
        """Yields a function to call with a line for each step: a spinner on a terminal, lines when piped."""
        if self.silent:
            yield lambda step: None
        elif self.terminal:
            from mooring.report.terminal import spinner

            with spinner(self.out, title, color=self._color) as notify:
                yield notify
        else:
            yield self.line

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Advance]:
        """Yields a function to call for each of `total` steps: a bar on a terminal, a line per quarter when piped."""
        if self.silent:
            yield lambda state, line: None
        elif self.terminal:
            from mooring.report.terminal import bar

            with bar(self.out, title, total, color=self._color) as advance:
                yield advance
        else:
            yield self._quarters(title, total)

    def _quarters(self, title: str, total: int) -> Advance:
        done = 0

        def advance(state: str, line: str) -> None:
            nonlocal done
            done += 1
            if line:
                self.line(line)
            if done * 4 // max(total, 1) > (done - 1) * 4 // max(total, 1):
                self.line(f"{title}: {done} of {total}{f', {state}' * bool(state)}")

        return advance


def _writable(stream: TextIO | None) -> TextIO:
    """A stream that accepts any character; a null stream when `stream` is closed."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open as long as the process


def abandon(stream: TextIO) -> None:
    """Discards what is left in a stream, so that Python does not complain about it at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether color codes may go to `stream` (https://no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of left-aligned columns, two spaces apart; an empty cell is `-`, so that fields can be counted."""
    cells = [[one_line(cell) or "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def one_line(text: str) -> str:
    return " ".join(text.split())
