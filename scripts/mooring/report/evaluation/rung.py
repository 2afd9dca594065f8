"""What is lost at one rung, for the terminal and for the summary of a workflow's step."""

from collections.abc import Callable, Iterator, Sequence

from mooring.change.wording import count
from mooring.evaluate.loss import Loss
from mooring.report.evaluation.wording import dollars, seconds
from mooring.report.plan_markdown import code

Row = tuple[str, str, str, str]

SHOWN = 20
"""Names of cases in a list."""


def text(losses: Sequence[Loss], evidence: str) -> Iterator[str]:
    """Lines for a terminal."""
    for loss in losses:
        yield f"{loss.agent} at {loss.rung} against its whole ladder, {evidence} evidence"
        yield f"{loss.rung} is {loss.model}, told {loss.prompt}, with {_tools(loss)}"
        rows = [("", "ladder", loss.rung, "lost"), *_rows(loss)]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for name, *values in rows:
            cells = [value.rjust(width) for value, width in zip(values, widths[1:], strict=True)]
            yield "  ".join([name.ljust(widths[0]), *cells]).rstrip()
        for title, names in _lists(loss):
            yield f"{title}: {_cut(names)}"


def markdown(losses: Sequence[Loss], evidence: str) -> str:
    """The same for a step's summary."""
    lines: list[str] = []
    for loss in losses:
        lines += [f"### {code(loss.agent)} at {loss.rung} against its whole ladder", ""]
        told = f"{loss.rung} is {code(loss.model)}, told {code(loss.prompt)}, with {_tools(loss)}"
        lines += [f"**{evidence} evidence**, which no deployment takes. {told}.", ""]
        lines += [f"| | ladder | {loss.rung} | lost |", "|---|---|---|---|"]
        lines += [f"| {' | '.join((code(row[0]).replace('|', ''), *row[1:]))} |" for row in _rows(loss)]
        lines.append("")
        for title, names in _lists(loss):
            lines += [f"{title}:", *(f"- {code(name)}" for name in names[:SHOWN])]
            lines += [f"- … {len(names) - SHOWN} more"] * (len(names) > SHOWN) + [""]
    return "\n".join(lines) + "\n"


def _tools(loss: Loss) -> str:
    return count(len(loss.tools), "tool") if loss.tools else "no tools"


def _rows(loss: Loss) -> Iterator[Row]:
    ladder, pinned = loss.ladder, loss.pinned
    of = f" of {loss.judged}"
    yield "cases passed", f"{ladder.passed}{of}", f"{pinned.passed}{of}", str(ladder.passed - pinned.passed)
    yield from _row("mean score", ladder.score, pinned.score, "{:.2f}".format, lost=True)
    for metric in loss.metrics:
        if metric.ladder != metric.rung:
            yield from _row(metric.name, metric.ladder, metric.rung, "{:.2f}".format, lost=True)
    yield from _row("cost of a case", ladder.cost_usd, pinned.cost_usd, dollars)
    yield from _row("latency", ladder.latency_seconds, pinned.latency_seconds, seconds)


def _row(
    name: str, ladder: float | None, pinned: float | None, unit: Callable[[float], str], lost: bool = False
) -> Iterator[Row]:
    if ladder is not None and pinned is not None:
        yield name, unit(ladder), unit(pinned), unit(ladder - pinned) if lost else ""


def _lists(loss: Loss) -> Iterator[tuple[str, tuple[str, ...]]]:
    if loss.broken:
        yield "policies broken", loss.broken
    if loss.critical:
        yield "critical, and lost", loss.critical
    if loss.lost:
        yield "passed by the ladder alone", loss.lost
    if loss.gained:
        yield f"passed by {loss.rung} alone", loss.gained
    if loss.unjudged:
        yield "not judged on both sides", loss.unjudged


def _cut(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
