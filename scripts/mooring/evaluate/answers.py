"""Answers that stand in cases, and how what a real model said takes their place in the suite's file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.catalog.editing.values import Path, replaced
from mooring.catalog.parse import parse
from mooring.catalog.yaml_text import OneLine
from mooring.errors import Refused
from mooring.evaluate.cases import turns
from mooring.evaluate.values import Call, Reply, Trial
from mooring.spec.suite import Case, EvalSuite, ModelAnswer

KEY = "answer"


def value_of(calls: Sequence[Call], text: str | None) -> Any:
    """An answer as it is written in a case: a text alone, or calls with the text after them, if there is one."""
    if not calls and text:
        return text
    made = [OneLine(tool=call.name, **({"args": call.arguments} if call.arguments else {})) for call in calls]
    return {"calls": made} | ({"text": text} if text else {})


def refreshed(file: str, text: str, suite: EvalSuite, trials: Sequence[Trial]) -> tuple[str, list[str], list[str]]:
    """The suite's text in which each answer that stands there is what was answered now; (text, case ids, problems).

    Of several trials of a case the first counts; one that was not judged changes nothing.
    """
    changed: list[str] = []
    problems: list[str] = []
    for case in suite.tests:
        trial = min((one for one in trials if one.case == case.id), key=lambda one: one.repeat, default=None)
        if trial is None or trial.passed is None:
            continue
        edited = text
        try:
            for path, value in _news(file, text, case, trial.replies):
                edited = replaced(file, edited, path, value)
        except Refused as refused:
            problems.append(str(refused))
            continue
        if edited != text:
            changed.append(case.id)
        text = edited
    return text, changed, problems


def _news(file: str, text: str, case: Case, replies: Sequence[Reply]) -> Iterator[tuple[Path, Any]]:
    """The place and the value of each answer that is another one now."""
    listed: Sequence[Mapping[str, Any]] = (parse(file, text.encode()).data or {}).get("tests", ())
    index = next((number for number, test in enumerate(listed) if test.get("id") == case.id), len(listed))
    for number, (turn, reply) in enumerate(zip(turns(case), replies, strict=False)):
        said = None if reply.awaiting_approval else reply.text  # else it is no word of the model's
        if turn.answer is None or reply.error or not (said or reply.calls):
            continue
        value = value_of(reply.calls, said)
        if ModelAnswer.model_validate({"text": value} if isinstance(value, str) else value) != turn.answer:
            within: Path = ["turns", number] if case.turns else []
            yield ["tests", index, *within, KEY], value
