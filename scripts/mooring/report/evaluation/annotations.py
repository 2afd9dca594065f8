"""Annotations for reviewers: the blocking case in its suite, and the prompt lines that changed."""

import difflib
from collections.abc import Iterable, Iterator, Sequence

from mooring.catalog.catalog import Catalog, Entry
from mooring.change.wording import clip, count
from mooring.evaluate.behaviour.values import Behaviour, CaseReport
from mooring.finding import Finding
from mooring.release.content import ReleaseContent, ResolvedPrompt
from mooring.spec import EvalSuite, Prompt, PromptPart

MOST = 10
"""GitHub shows no more errors of one step."""

CHECK = "evaluation"


def annotations(
    behaviour: Behaviour, catalog: Catalog, base: ReleaseContent | None, head: ReleaseContent
) -> list[Finding]:
    """At most MOST, changed lines of prompts before cases; the last one says how many more there are.

    `catalog` has the documents of the head.
    """
    blocking = [case for case in behaviour.cases if case.blocking]
    found = [*_prompts(blocking, catalog, base, head), *_cases(blocking, catalog)]
    if len(found) <= MOST:
        return found
    last = found[MOST - 1]
    more = f"{last.message} … and {count(len(found) - MOST, 'more annotation')} in the report"
    return [*found[: MOST - 1], Finding(last.file, last.line, last.path, more, CHECK)]


def _cases(blocking: Iterable[CaseReport], catalog: Catalog) -> Iterator[Finding]:
    for case in blocking:
        entry = catalog.entry("EvalSuite", case.suite)
        if entry and isinstance(entry.document, EvalSuite):
            number = next((n for n, one in enumerate(entry.document.tests) if one.id == case.case), None)
            line = 0 if number is None else entry.lines.at(["tests", number])
            why = clip("; ".join(case.now) or "it was not judged", 500)
            yield Finding(entry.file, line, case.case, why, CHECK)


def _prompts(
    blocking: Sequence[CaseReport], catalog: Catalog, base: ReleaseContent | None, head: ReleaseContent
) -> Iterator[Finding]:
    """Changed lines of the prompts of agents with a case that blocks, one for each place."""
    failing: dict[str, list[CaseReport]] = {}
    for case in blocking:
        if case.agent in head.agents:
            failing.setdefault(head.agents[case.agent].prompt, []).append(case)
    for name, cases in sorted(failing.items()):
        old = base.prompts.get(name) if base else None
        if old:
            fail = f"{count(len(cases), 'case')} {'fails' if len(cases) == 1 else 'fail'} since this changed"
            names = ", ".join(case.name for case in cases)
            for file, line in dict.fromkeys(_places(old, head.prompts[name], catalog)):
                yield Finding(file, line, "", clip(f"{fail}: {names}", 500), CHECK)


def _places(old: ResolvedPrompt, new: ResolvedPrompt, catalog: Catalog) -> Iterator[tuple[str, int]]:
    """Where each difference stands in the files, as far as it can be found there: new lines, or those around a gap."""
    before = [line for message in old.messages for line in message.content.splitlines()]
    now = [line for message in new.messages for line in message.content.splitlines()]
    for tag, _, _, j1, j2 in difflib.SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if tag != "equal":
            near = now[j1:j2] or now[max(j1 - 1, 0) : j1] or now[:1]
            place = next((place for line in near if line.strip() and (place := _place(line, new, catalog))), None)
            if place:
                yield place


def _place(line: str, prompt: ResolvedPrompt, catalog: Catalog) -> tuple[str, int] | None:
    """The file and line of a line of a prompt: its own, its parents', or a shared part's."""
    entries = [catalog.entry(kind, name) for name in (prompt.name, *prompt.parts) for kind in ("Prompt", "PromptPart")]
    for entry in entries:
        for path, text in _texts(entry) if entry else ():
            for number, one in enumerate(text.splitlines(), 1):
                if entry and one.strip() == line.strip():
                    return entry.file, entry.lines.text(path, number)
    return None


def _texts(entry: Entry) -> Iterator[tuple[str, str]]:
    if isinstance(entry.document, Prompt):
        yield from ((f"messages.{n}.content", one.content) for n, one in enumerate(entry.document.messages))
    elif isinstance(entry.document, PromptPart):
        yield "text", entry.document.text
