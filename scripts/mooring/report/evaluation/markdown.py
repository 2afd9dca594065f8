"""An evaluation as the comment of a pull request, and as the summary of a step: short on top, the rest folded.

Every text that comes from a document or a model stands in code, where GitHub finds no mention, link, image or HTML;
answers stand side by side in a table of escaped HTML on one line, which no blank line can end.
"""

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.change.wording import clip, count
from mooring.evaluate.behaviour.values import Behaviour, CaseReport, Contract, PromptDiff, Turn, Weakening
from mooring.report.evaluation import wording
from mooring.report.evaluation.words import Span, compared
from mooring.report.plan_markdown import LONGEST, code

TOP = 3
"""Failing cases shown unfolded."""

LINES = 40
"""Of a prompt's difference."""

VALUE = 160
"""Characters of what a tool was given or answered."""

SIDE = 2500
"""Characters of one side of a conversation."""

ROOM = 200
"""Characters kept for the line that says how much of a section was left out."""

MARKED = ("+", "-", "@")

MARKS = {"pass": "✅", "fail": "❌", "inconclusive": "❔"}


@dataclass(frozen=True)
class Section:
    """Items under a title, of which as many are shown as fit. Folded unless `open`."""

    title: str
    noun: str
    items: Sequence[Any]
    show: Callable[[Any], str]
    open: bool = False
    before: str = ""

    def render(self, room: int) -> str:
        """At most `room` characters, which are ROOM at least."""
        start = f"#### {self.title}" if self.open else f"<details><summary>{self.title}</summary>"
        start, end = f"{start}\n\n{self.before}", "\n" if self.open else "\n</details>\n\n"
        text, shown = "", 0
        for item in self.items:
            block = self.show(item)
            if len(start) + len(text) + len(block) + len(end) + ROOM > room:
                break
            text, shown = text + block, shown + 1
        left = count(len(self.items) - shown, f"more {self.noun}")
        if not shown:
            return f"… {left}, which did not fit here\n\n"
        return f"{start}{text}" + (f"\n… {left}\n" if shown < len(self.items) else "") + end


def marker(environment: str) -> str:
    """The invisible line by which the comment is found again."""
    return f"<!-- mooring evaluation {html.escape(clip(environment, 80)).replace('--', '')} -->"


def comment(behaviour: Behaviour, longest: int = LONGEST) -> str:
    """Markdown of fewer than `longest` characters, a few thousand at least. Its first line marks it."""
    text = "\n".join(_head(behaviour)) + "\n\n"
    end = "\n".join(_tail(behaviour)) + "\n"
    sections = [section for section in _sections(behaviour) if section.items]
    for number, section in enumerate(sections):
        kept = ROOM * (len(sections) - number - 1)
        text += section.render(longest - len(text) - len(end) - kept - 1)
    return text + end


def _head(behaviour: Behaviour) -> Iterator[str]:
    verdict = behaviour.verdict
    yield marker(behaviour.environment)
    mark = MARKS["fail" if behaviour.unapproved else verdict.outcome]
    yield f"### {mark} Evaluation of {code(behaviour.environment)}: {behaviour.outcome}"
    yield ""
    yield f"**{behaviour.weakest} evidence**: {wording.proof(behaviour)}. {wording.counts(behaviour)}."
    if not behaviour.complete:
        yield "**Partial**: it stopped before everything was asked."
    if behaviour.approval:
        yield ""
        yield f"{'✅' if behaviour.approval.by else '❌'} {code(wording.approval(behaviour.approval))}"
    yield ""
    yield from (f"- {code(reason.text)}" for reason in verdict.reasons[:TOP])
    if len(verdict.reasons) > TOP:
        yield f"- … {count(len(verdict.reasons) - TOP, 'more reason')}"
    yield from (f"- {code(line)}" for line in wording.resolution(behaviour)[:TOP])
    if totals := wording.total(behaviour):
        yield f"- {code(totals)}"


def _sections(behaviour: Behaviour) -> Iterator[Section]:
    cases, weaker = behaviour.cases, behaviour.weakened
    failing = [case for case in cases if case.failing]
    others = [case for case in cases if case.differs and not case.failing]
    title = "First failing cases" if len(failing) > TOP else "Failing cases"
    yield Section(title, "failing case", failing[:TOP], _case, open=True)
    yield Section(count(len(failing[TOP:]), "more failing case"), "failing case", failing[TOP:], _case)
    approve = behaviour.unapproved
    yield Section(f"Suites ask less than before: {len(weaker)}", "line", weaker, _weaker, open=approve)
    yield Section(count(len(behaviour.contracts), "changed contract"), "contract", behaviour.contracts, _contract)
    differences = count(len(behaviour.prompts), "difference")
    yield Section(f"Prompts as the models see them: {differences}", "difference", behaviour.prompts, _prompt)
    yield Section(f"{count(len(others), 'case')} answered differently", "case", others, _case)
    yield Section("Everything the verdict says", "line", behaviour.verdict.lines, lambda line: f"- {code(line)}\n")
    columns = "| case | state | passed | before |\n|---|---|---|---|\n"
    yield Section(f"All {count(len(cases), 'case')}", "case", cases, _row, before=columns)


def _weaker(one: Weakening) -> str:
    return f"- {code(one.place)} {code(one.text)}\n"


def _contract(one: Contract) -> str:
    return f"- {code(wording.contract(one))}\n" + "".join(f"  - {code(text)}\n" for text in one.texts[:TOP])


def _prompt(diff: PromptDiff) -> str:
    # Every line begins with a mark of a diff, so none can end the block.
    body = "\n".join(f"{line[:1] if line[:1] in MARKED else ' '}{clip(line[1:], 400)}" for line in diff.lines[:LINES])
    more = f"\n… {count(len(diff.lines) - LINES, 'more line')}" if len(diff.lines) > LINES else ""
    such = f", such as {code(diff.cases[0])}" if diff.cases else ""
    return f"In {count(len(diff.cases), 'case')}{such}:\n\n```diff\n{body}{more}\n```\n\n"


def _row(case: CaseReport) -> str:
    before = wording.rate(case.base) if case.base else "-"
    name = code(clip(case.name, 200)).replace("|", "\\|")
    return f"| {name} | {case.state} | {wording.rate(case.head)} | {before} |\n"


def _case(case: CaseReport) -> str:
    costs = f" · {wording.moved(case)}" if wording.moved(case) else ""
    why = "".join(f"- {code(text)}\n" for text in case.now[:5])
    more = f"- … {count(len(case.now) - 5, 'more reason')}\n" if len(case.now) > 5 else ""
    turns = "".join(_turn(turn, max(SIDE // max(len(case.turns), 1), 200)) for turn in case.turns)
    sides = "<tr><th>before</th><th>now</th></tr>"
    return f"**{code(case.name)}** {wording.standing(case)}{costs}\n{why}{more}\n<table>{sides}{turns}</table>\n\n"


def _turn(turn: Turn, room: int) -> str:
    old, new = ("\n".join(wording.said(reply, VALUE)) for reply in (turn.old, turn.new))
    left, right = compared(old, new) if turn.old and turn.new else ((Span(old, False),), (Span(new, False),))
    asked = f'<tr><td colspan="2"><code>&gt; {html.escape(clip(turn.message, min(room, 500)))}</code></td></tr>'
    return f"{asked}<tr><td>{_cell(left, room)}</td><td>{_cell(right, room)}</td></tr>"


def _cell(spans: Sequence[Span], room: int) -> str:
    """At most `room` characters. Each line is code of its own: GitHub shows no line break inside of it."""
    lines: list[str] = [""]
    for span in spans:
        for number, text in enumerate(span.text[:room].split("\n")):
            if number:
                lines.append("")
            if text:
                lines[-1] += f"<b>{html.escape(text)}</b>" if span.differs else html.escape(text)
        if len(span.text) >= room:
            return _joined(lines) + "<br>… cut here"
        room -= len(span.text)
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    return "<br>".join(f"<code>{line}</code>" if line else "" for line in lines)


def _tail(behaviour: Behaviour) -> Iterator[str]:
    against = f"From {code(behaviour.base)} to" if behaviour.base else "Nothing to compare with:"
    yield f"{against} {code(behaviour.head)}, seed {behaviour.seed}, started {code(behaviour.started)}."
