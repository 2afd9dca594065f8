"""What a change touches: the cases of suites whose agent, documents, judge or recordings are not what they were.

What is not known to be harmless selects everything: a skipped evaluation looks like a passed one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.evaluate.cases import cases
from mooring.release.content import ReleaseContent
from mooring.spec.suite import EvalSuite

HARMLESS = re.compile(
    r"(.*/)?[^/]*\.(md|rst|txt)|LICENSE|(docs|tests|schemas|\.github)/.*|evals/drills/.*|\.git[a-z]+|(.*/)?CODEOWNERS"
    r"|\.(editorconfig|pre-commit-config\.yaml)"
)
"""Files that no agent and no evaluation reads. requirements*.txt would not be harmless; the locks end in .lock."""

_DOCUMENTS = re.compile(r"(configs|prompts|evals/suites)/.+\.yaml")
_CALIBRATION = re.compile(r"evals/calibration/(.+)\.yaml")
_RECORDING = re.compile(r"evals/recordings/(.+)/([^/]+)\.yaml")


@dataclass(frozen=True)
class Side:
    """One side of a comparison. `documents` maps files to (kind, name), to tell a document from a stray file."""

    content: ReleaseContent
    suites: Mapping[str, EvalSuite]
    documents: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Selection:
    """Case ids by suite, and why each suite is in it. `untouched` are suites that are not."""

    cases: Mapping[str, frozenset[str]]
    why: Mapping[str, tuple[str, ...]]
    untouched: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """One line for a person."""
        if not self.cases:
            return f"nothing that {len(self.untouched)} suites depend on has changed: nothing to evaluate"
        total = sum(map(len, self.cases.values()))
        skipped = f", {len(self.untouched)} untouched" if self.untouched else ""
        return f"{total} cases of {len(self.cases)} suites are touched{skipped}"


def everything(head: Side, why: str) -> Selection:
    """All cases, for one reason."""
    chosen = {name: _ids(suite) for name, suite in head.suites.items()}
    return Selection(chosen, dict.fromkeys(chosen, (why,)))


def affected(base: Side | None, head: Side, changed_files: Iterable[str] | None) -> Selection:
    """What to run for a change from `base` to `head`; without a base or a list of files, everything."""
    if base is None or changed_files is None:
        return everything(head, "there is nothing to compare with")
    files = sorted(changed_files)
    for file in files:
        if unknown := _unknown(file, base, head):
            return everything(head, unknown)
    if _surroundings(base) != _surroundings(head):
        return everything(head, f"environment {head.content.environment.name} calls other endpoints or services")
    chosen: dict[str, frozenset[str]] = {}
    reasons: dict[str, tuple[str, ...]] = {}
    for name, suite in head.suites.items():
        why = [*_agent(base, head, suite), *_judge(files, base, head, suite)]
        touched = _ids(suite) if why else frozenset()
        for ids, reason in (_own(base.suites.get(name), suite), _recorded(files, suite)):
            if ids - touched:
                why.append(reason)
                touched |= ids
        if touched:
            chosen[name], reasons[name] = touched, tuple(why)
    return Selection(chosen, reasons, tuple(name for name in head.suites if name not in chosen))


def _unknown(file: str, base: Side, head: Side) -> str | None:
    """Why a file selects everything, or None."""
    if _DOCUMENTS.fullmatch(file):
        known = file in base.documents or file in head.documents
        return None if known else f"{file} is no document that could be read"
    if HARMLESS.fullmatch(file) or _CALIBRATION.fullmatch(file) or _RECORDING.fullmatch(file):
        return None
    return f"{file} may touch anything"


def _agent(base: Side, head: Side, suite: EvalSuite) -> Iterator[str]:
    """Documents of the suite's agent that differ, as they are in the releases: overrides and includes written in."""
    before, after = closure(base.content, suite.agent), closure(head.content, suite.agent)
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield f"{' '.join(place)} {_how(before.get(place), after.get(place))}"


def _how(before: Any, after: Any) -> str:
    if before is None or after is None:
        return "is new" if before is None else "is gone"
    old, new = before.get("parts", {}), after.get("parts", {})
    parts = sorted(part for part in old.keys() | new.keys() if old.get(part) != new.get(part))
    return f"changed through {', '.join(parts)}" if parts else "changed"


def closure(content: ReleaseContent, agent: str) -> dict[tuple[str, str], Any]:
    """Every document that an agent's answers depend on, by kind and name."""
    document = content.agents.get(agent)
    if document is None:
        return {}
    found: dict[tuple[str, str], Any] = {
        ("Agent", agent): document,
        ("Resilience", document.resilience): content.resilience[document.resilience],
    }
    found |= {("Prompt", name): content.prompts[name] for _, name in document.prompts()}
    found |= {("Tool", name): content.tools[name] for name in document.tools}
    found |= {("Model", name): content.models[name] for _, name in document.models.names()}
    return {place: value.model_dump(mode="json") for place, value in found.items()}


def _surroundings(side: Side) -> tuple[Any, ...]:
    return side.content.environment.endpoints, side.content.environment.services


def _judge(files: list[str], base: Side, head: Side, suite: EvalSuite) -> Iterator[str]:
    """The judge's model and calibration, which no release holds."""
    judge = suite.judge
    for file in files if judge else ():
        key = head.documents.get(file) or base.documents.get(file)
        labels = _CALIBRATION.fullmatch(file)
        if judge and (key == ("Model", judge.model) or (labels and labels[1] == judge.calibration)):
            yield f"the judge's {file} changed"


def _own(before: EvalSuite | None, suite: EvalSuite) -> tuple[frozenset[str], str]:
    """Cases that the change of the suite itself asks for."""
    if before is None:
        return _ids(suite), "the suite is new"
    unlike = {"tests", "default_test", "version", "description", "owner"}
    if before.model_dump(exclude=unlike) != suite.model_dump(exclude=unlike):
        return _ids(suite), "the suite's settings changed"
    old = {case.id: case for case in cases(before)}
    ids = frozenset(case.id for case in cases(suite) if old.get(case.id) != case)
    return ids, f"{len(ids)} of its cases are new or changed"


def _recorded(files: list[str], suite: EvalSuite) -> tuple[frozenset[str], str]:
    found = (_RECORDING.fullmatch(file) for file in files)
    ids = frozenset(match[2] for match in found if match and match[1] == suite.name) & _ids(suite)
    return ids, "recordings changed"


def _ids(suite: EvalSuite) -> frozenset[str]:
    return frozenset(case.id for case in suite.tests)
