"""A plan as the comment of a pull request: short on top, details folded, and never too long to be posted.

Text from documents is rendered as code, where GitHub finds no mention, link, HTML or command.
"""

import re
from collections.abc import Iterator
from itertools import islice

from mooring.change.change import Change
from mooring.change.guards import Refusal
from mooring.change.plan import Plan
from mooring.change.wording import clip, count
from mooring.report.plan_override import override_snippet
from mooring.report.plan_text import change_lines, headline, limit_line

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""

TOP = 5
"""Changes and guards shown unfolded, the riskiest first."""


def plan_markdown(plan: Plan) -> str:
    """Markdown of at most LONGEST characters. Its first line marks it, so that a later plan takes its place."""
    head, tail = "\n".join(_head(plan)), "\n".join(_tail(plan))
    return f"{head}\n{_details(plan, LONGEST - len(head) - len(tail) - 2)}{tail}\n"


def marker(environment: str) -> str:
    """The invisible line by which the comment is found again."""
    return f"<!-- mooring plan {environment} -->"


def code(text: str) -> str:
    """A code span that shows `text`, whatever is in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{clip(text, 700)}{space}{fence}"


def _head(plan: Plan) -> Iterator[str]:
    yield marker(plan.environment)
    yield f"### Plan for {headline(plan)}"
    yield ""
    worst = sorted((change for change in plan.changes if change.risk), key=lambda change: -change.risk)
    yield from (f"- {code(change.text)} risk {change.risk}" for change in worst[:TOP])
    yield from _more(len(worst) - TOP, "change")
    if plan.refusals:
        yield ""
        yield f"**Refused by {count(len(plan.refusals), 'guard')}**"
        yield ""
        for refusal in plan.refusals[:TOP]:
            yield from _refusal(refusal)
        yield from _more(len(plan.refusals) - TOP, "guard")
    if plan.verdict.used:
        yield ""
        yield f"Overridden by {', '.join(code(name) for name in plan.verdict.used[:TOP])}."
        yield from _more(len(plan.verdict.used) - TOP, "override")


def _refusal(refusal: Refusal) -> Iterator[str]:
    yield f"- {code(limit_line(refusal))}"
    yield from (f"  - {code(text)}" for text in refusal.ignored[:TOP])
    yield from (f"  {line}" for line in _more(len(refusal.ignored) - TOP, "override"))


def _more(number: int, noun: str) -> Iterator[str]:
    if number > 0:
        yield f"- … {number:,} more {noun}{'s' * (number != 1)}"


def _details(plan: Plan, room: int) -> str:
    """Every change in a folded block of at most `room` characters, or as many as fit and how many do not."""
    if not plan.changes:
        return ""
    before = f"\n<details><summary>{count(len(plan.changes), 'change')} by document</summary>\n\n```diff\n"
    after = "```\n\n</details>\n"
    lines, left = _fit(plan.changes, room - len(before) - len(after) - 100)
    more = f"# … {count(left, 'change')} more: moor plan {plan.environment}\n" if left else ""
    return f"{before}{lines}{more}{after}"


def _fit(changes: tuple[Change, ...], room: int) -> tuple[str, int]:
    """The lines of the first changes that fit, and the number of changes that are left out."""
    text, shown = "", 0
    for line, said in change_lines(changes):
        # GitHub colours `!` in a diff, not `~`. No line begins with a backtick, so none ends the block.
        colored = f"!{line[1:]}\n" if line.startswith("~") else f"{line}\n"
        if len(text) + len(colored) > room:
            break
        text, shown = text + colored, shown + said
    return text, len(changes) - shown


def _tail(plan: Plan) -> Iterator[str]:
    for file, snippet in islice(override_snippet(plan), TOP):
        yield ""
        yield f"<details><summary>To let this plan pass, an owner commits <code>{file}</code></summary>"
        yield ""
        yield f"```yaml\n{snippet}```"
        yield ""
        yield "</details>"
    yield ""
    if not plan.in_sync:
        yield f"Plan `{plan.digest}`, from `{plan.live or 'nothing'}` to `{plan.desired}`"
