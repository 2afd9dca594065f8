"""A conversation as a test of a suite: asked again, answered in the case itself, with assertions to start from."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mooring.catalog import codeowners, versions
from mooring.catalog.catalog import Catalog
from mooring.catalog.editing.values import appended
from mooring.catalog.load import load
from mooring.catalog.schemas import replace_text
from mooring.catalog.source import WorkTree
from mooring.catalog.yaml_text import OneLine, yaml_text
from mooring.commands.talking.transcript import Transcript, Turn
from mooring.errors import Failed, FindingsError, Refused, UsageError
from mooring.evaluate.answers import value_of
from mooring.evaluate.values import Call as Made
from mooring.exchange.intake import Draft
from mooring.exchange.writing import findings, place, render
from mooring.outcome import Reason
from mooring.spec import Agent, EvalSuite
from mooring.spec.suite import APPROVE

KIND = EvalSuite.__name__

NOTE = "# From a conversation: say instead what every good answer must hold, and what it must not."

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_TELLING = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9][\w-]*[\w]")
"""A word with letters and digits, such as a number of an order."""

_LONG_ID, _LONG_TEXT, _LONG_ARGUMENT = 48, 60, 40


def check(root: Path, suite: str, agent: str) -> None:
    """Checks that a suite can take a case of an agent. UsageError when it is another agent's, or no suite."""
    if not _NAME.fullmatch(suite):
        raise UsageError(f"{suite!r} is no name of a suite", "small letters, digits, - and /, such as support/first")
    catalog, found = load(WorkTree(root))
    file = place(_draft(suite, agent, ()))
    if (document := catalog.get(EvalSuite, suite)) is None:
        if wrong := [finding for finding in found if finding.file == file]:
            raise FindingsError(wrong)
        if (root / file).exists() or (root / file).is_symlink():
            raise UsageError(f"{file} is there and is no suite {suite}", "correct it, or take another name")
    elif document.agent != agent:
        raise UsageError(
            f"suite {suite} is of agent {document.agent}", f"name another suite, or talk to {document.agent}"
        )


def save(root: Path, suite: str, said: Transcript, name: str | None) -> dict[str, Any]:
    """Adds the test to the suite's file, which is made when there is none, and raises its version as `moor bump` would.

    UsageError, Refused, FindingsError for what would not validate, Failed(STORAGE); then no file has changed.
    """
    check(root, suite, said.agent)
    catalog, _ = load(WorkTree(root))
    document, draft = catalog.get(EvalSuite, suite), _draft(suite, said.agent, ())
    file = place(draft)
    test = _test(_id(name, said.turns, [case.id for case in document.tests] if document else []), said.turns)
    if document:
        before = (root / file).read_bytes().decode()
        text = appended(file, before, ["tests"], _noted(yaml_text([test])))
    else:
        text = _noted(render(_draft(suite, said.agent, [test]), _owner(catalog, said.agent)))
    if wrong := [finding for finding in findings(root, {file: text}) if finding.check != "codeowners"]:
        raise FindingsError(wrong)
    _write(root, file, text, catalog)
    return {"suite": suite, "case": test["id"], "file": file, "version": _version(root, suite)}


def _draft(suite: str, agent: str, tests: Sequence[Any]) -> Draft:
    data = {"agent": agent, "defaultTest": {"assert": [OneLine(type="no-secret")]}, "tests": list(tests)}
    return Draft(KIND, suite, f"What {agent} answered when people talked to it.", data)


def _owner(catalog: Catalog, agent: str) -> str:
    document = catalog.get(Agent, agent)
    if document is None:
        raise UsageError(f"there is no valid document of agent {agent} here", "moor validate")
    return document.owner


def _test(name: str, all_turns: Sequence[Turn]) -> dict[str, Any]:
    """The case as YAML holds it."""
    turns = _had(all_turns)
    test: dict[str, Any] = {"id": name}
    variables = _decision(turns)
    if len(turns) == 1:
        test["vars"] = {"message": turns[0].message, **variables}
        test["answer"] = _answer(turns[0])
    else:
        test |= {"vars": variables} if variables else {}
        test["turns"] = [{"message": turn.message, "answer": _answer(turn)} for turn in turns]
    test["assert"] = [*_of_tools(turns), *_of_text(turns[-1])]
    return test


def _had(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The turns that are part of the conversation, and the last one whatever it is."""
    kept = [turn for turn in turns[:-1] if turn.remembered] + list(turns[-1:])
    if not kept:
        raise Refused(Reason.EMPTY_SET, "nothing was said yet: there is no case to save")
    for turn in kept:
        if turn.rung > "L2" or not (turn.text.strip() or turn.calls or turn.approvals):
            why = f"no model answered {turn.message[:60]!r} (rung {turn.rung})"
            raise Refused(Reason.NOT_READY, f"{why}: that is no answer to hold an agent to", "moor talk --new")
    return kept


def _decision(turns: Sequence[Turn]) -> dict[str, bool]:
    """What a person said to calls that wait: a case says it once, for all of them."""
    said = {turn.approved for turn in turns if turn.approved is not None or turn.approvals}
    if len(said) > 1:
        why = "calls were decided in several ways, and a case says one for all"
        raise Refused(Reason.NOT_READY, why, "talk again with --new, and decide one way")
    decided = next(iter(said), None)
    return {} if decided is None else {APPROVE: decided}


def _answer(turn: Turn) -> Any:
    waiting = [Made(one["tool"], one["arguments"]) for one in turn.approvals]
    made = [Made(call.name, call.arguments) for call in turn.calls]
    return value_of([*made, *waiting], None if waiting else turn.text.strip())


def _of_tools(turns: Sequence[Turn]) -> Iterator[dict[str, Any]]:
    """That the tools are called that did what they should, with the arguments that are not free text."""
    told: list[dict[str, Any]] = []
    for call in (call for turn in turns for call in turn.calls if call.outcome == "done"):
        args = {key: value for key, value in call.arguments.items() if _is_short(value)}
        if args:
            asserted = OneLine(type="trajectory:tool-args-match", value=OneLine(name=call.name, args=args))
        else:
            asserted = OneLine(type="trajectory:tool-used", value=call.name)
        if asserted not in told:
            told.append(asserted)
            yield asserted


def _is_short(value: Any) -> bool:
    return len(json.dumps(value, ensure_ascii=False)) <= _LONG_ARGUMENT


def _of_text(turn: Turn) -> Iterator[dict[str, Any]]:
    """Something of the last answer, for a person to put right; what waits for a person instead of a text."""
    if turn.approvals:
        yield OneLine(type="awaits-approval", value=turn.approvals[0]["tool"])
        return
    text = turn.text.strip()
    named = _TELLING.search(text)
    sentence = re.split(r"(?<=[.!?。！？])\s|\n", text)[0]
    yield OneLine(type="contains", value=named[0] if named else sentence[:_LONG_TEXT].strip())


def _noted(text: str) -> str:
    """The text with the comment above the last assertion."""
    lines = text.splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.lstrip().startswith("- {type:"))
    indent = lines[last][: len(lines[last]) - len(lines[last].lstrip())]
    return "".join([*lines[:last], f"{indent}{NOTE}\n", *lines[last:]])


def _id(name: str | None, turns: Sequence[Turn], taken: Iterable[str]) -> str:
    """The name that was given, or one made of the first question that no other test has."""
    known = set(taken)
    if name is not None:
        if not _ID.fullmatch(name):
            raise UsageError(f"{name!r} is no id of a test", "small letters, digits and -")
        if name in known:
            raise UsageError(f"the suite has a test {name!r} already", "/save with another id")
        return name
    words = re.findall(r"[a-z0-9]+", turns[0].message.lower()) if turns else []
    slug = "-".join(words)[:_LONG_ID].strip("-") or "talk"
    numbers = (f"{slug}-{number}" for number in range(2, len(known) + 3))
    return next(one for one in (slug, *numbers) if one not in known)


def _write(root: Path, file: str, text: str, before: Catalog) -> None:
    """The suite, and who owns it if it is new and that is written down here."""
    owned = (root / codeowners.FILE).exists() and not codeowners.stale(root, before)
    try:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        replace_text(root / file, text)
        catalog, _ = load(WorkTree(root))
        if owned and codeowners.stale(root, catalog):
            codeowners.write(root, catalog)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {error.filename or file}: {error.strerror}") from None


def _version(root: Path, suite: str) -> str:
    """The suite's version, which is raised if it stood for another content in git; without git it stays."""
    catalog, _ = load(WorkTree(root))
    entry = catalog.of(EvalSuite)[suite]
    try:
        if any(finding.file == entry.file for finding in versions.honest(root, "HEAD", catalog)):
            (raised,) = versions.bump(root, "HEAD", [f"{KIND}/{suite}"])
            return raised.after
    except UsageError:
        pass
    return entry.document.version
