"""Drills as the comment of a pull request, and as the summary of a step: short on top, the rest folded.

Every text that comes from a document stands in code, where GitHub finds no mention, link, image or HTML.
"""

from collections.abc import Iterator, Mapping, Sequence

from mooring.change.wording import count
from mooring.drill.arms.names import BASE, BASELINE, HEAD
from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement
from mooring.report.drill import units, wording
from mooring.report.drill.columns import COLUMNS
from mooring.report.drill.values import Bought, Report, Trace
from mooring.report.evaluation.markdown import MARKS, ROOM, Section
from mooring.report.plan_markdown import LONGEST, code

MARKER = "<!-- mooring drill -->"
"""The invisible line by which the comment is found again."""

TOP = 5
"""Reasons, and changes to policies, shown unfolded."""

SHORT = 12
"""Drills in the table on top."""


def comment(drilled: Mapping[str, Drilled], judgement: Judgement, changed: Sequence[str] = ()) -> str:
    """Markdown of fewer than LONGEST characters. Its first line marks it, so that a later one takes its place."""
    return markdown(Report.of(drilled, judgement, changed))


def markdown(report: Report, longest: int = LONGEST) -> str:
    """The same of a report, which may have been read from a file."""
    text = "\n".join(_head(report)) + "\n\n"
    sections = [section for section in _sections(report) if section.items]
    for number, section in enumerate(sections):
        kept = ROOM * (len(sections) - number - 1)
        text += section.render(longest - len(text) - kept - 1)
    return text


def _head(report: Report) -> Iterator[str]:
    yield MARKER
    yield f"### {MARKS[report.judgement.outcome]} Drills: {wording.verdict(report)}"
    yield ""
    yield f"**Simulated trace**: {code(wording.title(report))}"
    yield ""
    reasons = list(wording.reasons(report))
    yield from (f"- {code(reason)}" for reason in reasons[:TOP])
    if len(reasons) > TOP:
        yield f"- … {count(len(reasons) - TOP, 'more reason')}"
    if not reasons:
        yield from (f"- {code(sentence)}" for sentence in list(wording.worth(report))[:TOP])
    if report.changed:
        yield ""
        yield "What the change does to policies:"
        yield ""
        yield from (f"- {code(change)}" for change in report.changed[:TOP])
        if len(report.changed) > TOP:
            yield f"- … {count(len(report.changed) - TOP, 'more change')}"
    yield ""
    yield from _table(report)


def _table(report: Report) -> Iterator[str]:
    """Availability and P99 of the arms that matter, a line for each drill."""
    arms = [name for name in (BASELINE, BASE, HEAD) if any(each.figures(name) for each in report.traces)]
    yield f"| available %, P99 | {' | '.join(arms)} |"
    yield f"|---|{'---:|' * len(arms)}"
    for each in report.traces[:SHORT]:
        yield f"| {_cell(each.name)} | {' | '.join(_short(each, arm) for arm in arms)} |"
    if len(report.traces) > SHORT:
        yield ""
        yield f"… {count(len(report.traces) - SHORT, 'more drill')}"


def _short(each: Trace, arm: str) -> str:
    found = each.figures(arm)
    if found is None:
        return units.NONE
    shown = f"{COLUMNS['available'].cell(found)}, {units.length(found.p99_seconds)}"
    return f"**{shown}**" if arm == HEAD else shown


def _sections(report: Report) -> Iterator[Section]:
    reasons = list(wording.reasons(report))[TOP:]
    yield Section(count(len(reasons), "more reason"), "reason", reasons, lambda one: f"- {code(one)}\n")
    more = report.changed[TOP:]
    yield Section(count(len(more), "more change") + " to policies", "change", more, lambda one: f"- {code(one)}\n")
    yield Section("Figures of every arm", "drill", report.traces, _figures)
    bought = [(each, one) for each in report.traces for one in each.bought if each.year or one.tells]
    heads = (
        "| drill | policy | available, points | answered by L0, points | P99 with and without, s | to sick vendor |\n"
    )
    rule = "|---|---|---:|---:|---:|---:|\n"
    yield Section("What each policy buys", "row", bought, lambda one: _bought(*one), before=heads + rule)
    yield Section(
        "What the columns mean", "line", (*wording.GLOSSARY, *wording.notes(report)), lambda line: f"- {line}\n"
    )


def _figures(each: Trace) -> str:
    columns = [column for column in COLUMNS.values() if each.year or not column.yearly]
    rows = "".join(
        f"| {_cell(arm.name)} | {' | '.join(column.cell(arm.figures) for column in columns)} |\n"
        for arm in each.arms
        if arm.figures
    )
    heads = f"| arm | {' | '.join(column.title for column in columns)} |\n|---|{'---:|' * len(columns)}\n"
    return f"{code(wording.trace(each))}\n\n{heads}{rows}\n"


def _bought(each: Trace, one: Bought) -> str:
    p99 = " and ".join(map(units.number, one.p99_seconds))
    figures = f"{units.gained(one.availability)} | {units.gained(one.first)} | {p99} | {units.both(one.amplification)}"
    return f"| {_cell(each.name)} | {_cell(one.policy)} | {figures} |\n"


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")
