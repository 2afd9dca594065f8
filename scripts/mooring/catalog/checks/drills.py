"""Drills: incidents of something that is there, in order, within the drill; and questions that somebody answers."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.nearest import suggestion
from mooring.catalog.patterns import pattern_problem
from mooring.catalog.source import HISTORIES
from mooring.spec import Agent, Drill, Environment, Model, Tool
from mooring.spec.drill import Failing, Incident, Surge

_EVERY = "*"
_OF_MODELS = ("truncated", "unfinished")
"""Modes of an answer in a model's own format."""


def _drills(catalog: Catalog) -> Iterator[tuple[Entry, Drill]]:
    for name, drill in catalog.all(Drill).items():
        yield catalog.of(Drill)[name], drill


def _failing(drill: Drill) -> Iterator[tuple[str, Failing]]:
    """(dotted path, what fails)"""
    yield from ((f"incidents.{index}", incident) for index, incident in enumerate(drill.incidents))
    yield from ((f"random.{index}", rule) for index, rule in enumerate(drill.random))


def _broken(catalog: Catalog, *kinds: type) -> bool:
    """Whether a document of these kinds could not be read, so that nobody knows what there is."""
    return any(kind == one.__name__ for one in kinds for kind, _ in catalog.broken)


def vendor(catalog: Catalog) -> Remarks:
    known = sorted({model.provider for model in catalog.all(Model).values()})
    for entry, drill in _drills(catalog):
        for path, failing in _failing(drill):
            if failing.vendor is not None and failing.vendor not in known and not _broken(catalog, Model):
                message = f"no Model has the provider {failing.vendor!r}{suggestion(failing.vendor, known)}"
                yield Remark(entry, f"{path}.vendor", message)


def rung(catalog: Catalog) -> Remarks:
    if _broken(catalog, Agent, Environment):
        return
    agents = catalog.all(Agent)
    deployed = {name for environment in catalog.all(Environment).values() for name in environment.agents}
    for entry, drill in _drills(catalog):
        asked = {question.agent for question in drill.questions} or deployed
        rungs = {rung for name in asked if name in agents for rung, _ in agents[name].models.names()}
        for path, failing in _failing(drill):
            named = {"rung": failing.rung, "also": getattr(failing, "also", None)}
            for key, name in named.items():
                if name is not None and rungs and name not in rungs:
                    yield Remark(entry, f"{path}.{key}", f"no agent that is asked has a model on {name}")


def service(catalog: Catalog) -> Remarks:
    known = sorted({tool.service for tool in catalog.all(Tool).values() if tool.service})
    for entry, drill in _drills(catalog):
        for path, failing in _failing(drill):
            name = failing.service
            if name is not None and name not in (_EVERY, *known) and not _broken(catalog, Tool):
                yield Remark(entry, f"{path}.service", f"no tool calls a service {name!r}{suggestion(name, known)}")


def mode(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        for path, failing in _failing(drill):
            if failing.service is not None and failing.mode in _OF_MODELS:
                yield Remark(entry, f"{path}.mode", f"{failing.mode!r} is an answer of a model, not of a service")
            if failing.growing and failing.mode != "latency":
                yield Remark(entry, f"{path}.growing", f"{failing.mode!r} does not grow: only latency does")


def agent(catalog: Catalog) -> Remarks:
    if _broken(catalog, Environment):
        return
    deployed = [frozenset(environment.agents) for environment in catalog.all(Environment).values()]
    known = sorted(frozenset().union(*deployed))
    for entry, drill in _drills(catalog):
        for index, question in enumerate(drill.questions):
            if question.agent not in known:
                message = f"no environment has an agent {question.agent!r}{suggestion(question.agent, known)}"
                yield Remark(entry, f"questions.{index}.agent", message)
        asked = {question.agent for question in drill.questions}
        if asked <= set(known) and not any(asked <= agents for agents in deployed):
            yield Remark(entry, "questions", f"no environment has all of {', '.join(sorted(asked))}")


def pattern(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        for index, question in enumerate(drill.questions):
            if problem := pattern_problem(question.expect):
                yield Remark(entry, f"questions.{index}.expect", f"the expected answer {problem}")


def order(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        for key, spans in _spans(drill):
            for index, (before, after) in enumerate(pairwise(spans), 1):
                if after.start < before.start:
                    message = f"it begins at {after.start:g} h, before the one above it at {before.start:g} h"
                    yield Remark(entry, f"{key}.{index}.start", message)


def _spans(drill: Drill) -> tuple[tuple[str, Sequence[Incident | Surge]], ...]:
    return ("incidents", drill.incidents), ("surges", drill.surges)


def overlap(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        for key, spans in _spans(drill):
            for (earlier, one), (index, other) in combinations(enumerate(spans), 2):
                if one.start < other.end and other.start < one.end and _same(one, other):
                    message = f"{_called(other)} has {key}.{earlier} at that time already"
                    yield Remark(entry, f"{key}.{index}", message)
        for (earlier, rule), (index, another) in combinations(enumerate(drill.random), 2):
            if _same(rule, another):
                message = f"random.{earlier} draws incidents of {_called(another)} already, and the two would overlap"
                yield Remark(entry, f"random.{index}", message)
        for index, incident in enumerate(drill.incidents):
            for had in catalog.histories.get(f"{HISTORIES}/{drill.history}", ()):
                if had.vendor == incident.vendor and had.start < incident.end and incident.start < had.end:
                    message = f"{had.vendor} has the incident of {drill.history}:{had.line} at that time already"
                    yield Remark(entry, f"incidents.{index}", message)


def _same(one: Failing | Surge, other: Failing | Surge) -> bool:
    if isinstance(one, Surge) or isinstance(other, Surge):
        return True
    if one.service is not None and other.service is not None:
        return _EVERY in (one.service, other.service) or one.service == other.service
    return (one.rung, one.vendor, one.service) == (other.rung, other.vendor, other.service)


def _called(one: Failing | Surge) -> str:
    return "the load" if isinstance(one, Surge) else one.rung or one.vendor or f"service {one.service}"


def length(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        for key, spans in _spans(drill):
            for index, span in enumerate(spans):
                if span.end > drill.hours:
                    message = f"it ends at {span.end:g} h, and the drill after {drill.hours:g} h"
                    yield Remark(entry, f"{key}.{index}.end", message)
        recorded = catalog.histories.get(f"{HISTORIES}/{drill.history}", ())
        last = max(recorded, key=lambda one: one.end, default=None)
        if last is not None and last.end > drill.hours:
            message = f"{drill.history}:{last.line} ends at {last.end:g} h, and the drill after {drill.hours:g} h"
            yield Remark(entry, "history", message)


def drawn(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        for index, rule in enumerate(drill.random):
            minutes = drill.hours * 60 * rule.share
            if minutes < 1:
                message = f"{rule.share:g} of {drill.hours:g} h is less than a minute, in which no incident is drawn"
                yield Remark(entry, f"random.{index}.share", message)


def history(catalog: Catalog) -> Remarks:
    for entry, drill in _drills(catalog):
        if drill.history is not None and f"{HISTORIES}/{drill.history}" not in catalog.histories:
            there = [file.removeprefix(f"{HISTORIES}/") for file in catalog.histories]
            message = f"there is no file {HISTORIES}/{drill.history}{suggestion(drill.history, there)}"
            yield Remark(entry, "history", message)
