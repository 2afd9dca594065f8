"""Finds questions of the suites that make an agent call tools, by asking them of the copy."""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.operate.exercises.scratch import Scratch
from mooring.spec import EvalSuite
from mooring.spec.suite import APPROVE, Case

MOST = 60
"""Questions that are tried until one has the effect that is looked for."""


@dataclass(frozen=True, slots=True)
class Question:
    """A message for an agent, from a case of a suite."""

    agent: str
    say: str
    case: str


def questions(scratch: Scratch) -> Iterator[Question]:
    """Single messages of the suites for agents whose runs are durable; first those whose case is about a tool that
    changes something."""
    content = scratch.release.content
    effects = [tool.exported for tool in content.tools.values() if not tool.annotations.read_only_hint]
    profiles = content.resilience
    durable = {name for name, one in content.agents.items() if profiles[one.resilience].checkpoint.mode == "durable"}
    found: list[tuple[bool, Question]] = []
    for suite in load(WorkTree(scratch.root))[0].all(EvalSuite).values():
        for case in suite.tests if suite.agent in durable else ():
            if say := _alone(case):
                about = any(name in case.model_dump_json() for name in effects)
                found.append((not about, Question(suite.agent, say, f"{suite.name}/{case.id}")))
    found.sort(key=lambda one: one[0])
    return iter([question for _, question in found[:MOST]])


def _alone(case: Case) -> str:
    """The message of a case that is one message and nothing else; "" for any other."""
    plain = not case.turns and not case.answer and not case.memories and not (case.vars.keys() - {"message", APPROVE})
    message = case.vars.get("message")
    return message if plain and isinstance(message, str) else ""
