"""Tables, spinner and progress bar of a terminal, by rich."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text


def _console(out: TextIO, color: bool | None) -> Console:
    return Console(file=out, highlight=False, markup=False, no_color=None if color is None else not color)


def table(out: TextIO, columns: Sequence[str], rows: Sequence[Sequence[str]], *, color: bool | None) -> None:
    """Prints rows under bold headings; too long cells fold instead of being cut."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        drawn.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    _console(out, color).print(drawn)


@contextmanager
def spinner(out: TextIO, title: str, *, color: bool | None) -> Iterator[Callable[[str], None]]:
    """A spinner beside the current step; finished steps stay above with a tick, a failed one with a cross."""
    console = _console(out, color)
    steps: list[str] = []

    def stand(mark: str, style: str) -> None:
        if steps:
            console.print(Text.assemble((f"{mark} ", style), steps[-1]))

    with console.status(Text(title), spinner="dots") as status:

        def notify(step: str) -> None:
            stand("✓", "green")
            steps.append(step)
            status.update(Text(step))

        try:
            yield notify
        except BaseException:
            stand("✗", "red")
            raise
        stand("✓", "green")


@contextmanager
def bar(out: TextIO, title: str, total: int, *, color: bool | None) -> Iterator[Callable[[str, str], None]]:
    """A bar that fills as steps finish; lines worth keeping stay above it, and the bar is removed at the end."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}", style="red", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_console(out, color), transient=True) as progress:
        task = progress.add_task(title, total=total, state="")

        def advance(state: str, line: str) -> None:
            if line:
                progress.console.print(Text(line, style="red"))
            progress.update(task, advance=1, state=state)

        yield advance
