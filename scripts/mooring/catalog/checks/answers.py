"""Answers that stand in tests: the agent could give them, and they stand beside the message they answer."""

from collections.abc import Iterator, Mapping

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.deployed import deployed
from mooring.catalog.nearest import suggestion
from mooring.spec import EvalSuite, Tool
from mooring.spec.suite import ModelAnswer

KEY = "answer"


def answers(catalog: Catalog) -> Remarks:
    callable_by = {} if catalog.broken else _tools(catalog)
    exported = {name: tool.exported for name, tool in catalog.all(Tool).items()}
    for name, suite in catalog.all(EvalSuite).items():
        entry = catalog.of(EvalSuite)[name]
        if KEY in suite.default_test:
            yield Remark(entry, f"defaultTest.{KEY}", "every test has its own answer")
        for index, case in enumerate(suite.tests):
            if case.turns and case.answer:
                message = "a test with `turns` has an answer in each of them"
                yield Remark(entry, f"tests.{index}.{KEY}", message)
        if (known := callable_by.get(suite.agent)) is None:
            continue  # the agent is missing or broken, which is said elsewhere
        for path, called in _calls(suite):
            if called not in known:
                near = f"; models know it as {exported[called]!r}" if called in exported else ""
                yield Remark(
                    entry, path, f"agent {suite.agent} has no tool {called!r}{near or suggestion(called, known)}"
                )


def _calls(suite: EvalSuite) -> Iterator[tuple[str, str]]:
    """The dotted path and the tool of each call in an answer."""
    for path, answer in _answers(suite):
        yield from ((f"{path}.calls.{number}.tool", call.tool) for number, call in enumerate(answer.calls))


def _answers(suite: EvalSuite) -> Iterator[tuple[str, ModelAnswer]]:
    """Every answer with its dotted path."""
    for index, case in enumerate(suite.tests):
        if case.answer:
            yield f"tests.{index}.{KEY}", case.answer
        for number, turn in enumerate(case.turns):
            if turn.answer:
                yield f"tests.{index}.turns.{number}.{KEY}", turn.answer


def _tools(catalog: Catalog) -> Mapping[str, set[str]]:
    """Names of tools as models see them, by agent: those it has by itself, and in any environment."""
    found: dict[str, set[str]] = {}
    for view, _, agent in deployed(catalog):
        tools = (view.get(Tool, name) for name in agent.tools)
        found.setdefault(agent.name, set()).update(tool.exported for tool in tools if tool)
    return found
