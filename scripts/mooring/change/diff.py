"""What turns one release into another, by meaning."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mooring.change.change import Action, Change
from mooring.change.kinds import (
    agent,
    chat,
    code,
    drift,
    environment,
    export,
    guards,
    model,
    objectives,
    patrol,
    prompt,
    repository,
    resilience,
    secret,
    tool,
)
from mooring.change.meaning import MEANINGS
from mooring.change.rules import Sides
from mooring.change.walk import Note, Rules, walk
from mooring.change.wording import clip, count, show
from mooring.release.content import Code, ReleaseContent, ResolvedPrompt
from mooring.spec import Resilience
from mooring.spec.document import Document

Doc = Document | ResolvedPrompt | Code

RULES: dict[str, Callable[[Sides], Rules]] = {
    "agent": agent.rules,
    "chat": chat.rules,
    "code": code.rules,
    "drift": drift.rules,
    "environment": environment.rules,
    "export": export.rules,
    "guards": guards.rules,
    "model": model.rules,
    "objectives": objectives.rules,
    "patrol": patrol.rules,
    "prompt": prompt.rules,
    "repository": repository.rules,
    "resilience": resilience.rules,
    "tool": tool.rules,
}
"""By the word for the kind, which begins its codes too."""

BESIDE = frozenset({"chat", "objectives", "patrol"})
"""Kinds of documents that nothing serves with: nobody expects a new one to send a secret anywhere."""

METADATA = frozenset({"description", "owner", "version"})


def diff(desired: ReleaseContent, live: ReleaseContent | None) -> tuple[Change, ...]:
    """Changes that turn `live` into `desired`: removals first, then by (kind, name, path). Empty when in sync.

    Total: contents with different digests differ by at least one change.
    """
    new, old = _documents(desired), _documents(live) if live else {}
    changes = [
        change
        for kind, name in sorted(old.keys() | new.keys())
        for change in _document(kind, name, old.get((kind, name)), new.get((kind, name)), live or desired, desired)
    ]
    return tuple(sorted(changes, key=_order))


def _order(change: Change) -> tuple[bool, str, str, str]:
    return change.action != "remove", change.kind, change.name, change.path


def _documents(content: ReleaseContent) -> dict[tuple[str, str], Doc]:
    kinds: dict[str, Mapping[str, Doc]] = {
        "agent": content.agents,
        "chat": content.chats,
        "code": content.code,
        "drift": content.drift,
        "environment": {content.environment.name: content.environment},
        "export": content.exports,
        "guards": content.guards,
        "model": content.models,
        "objectives": content.objectives,
        "patrol": content.patrols,
        "prompt": content.prompts,
        "repository": content.repositories,
        "resilience": content.resilience,
        "tool": content.tools,
    }
    return {(kind, name): document for kind, documents in kinds.items() for name, document in documents.items()}


def _document(
    kind: str, name: str, old: Doc | None, new: Doc | None, live: ReleaseContent, desired: ReleaseContent
) -> Iterator[Change]:
    if old is None and new is not None:
        note = Note(f"{kind}.added", f"added: {_words(new)}", values=(None, new.model_dump(mode="json")))
        yield _change("add", kind, name, note, old, new)
        if kind in BESIDE and desired is not live:
            for note in secret.sent(None, new.model_dump(mode="json")):
                yield _change("add", kind, name, note, old, new)
    elif new is None and old is not None:
        note = Note(f"{kind}.removed", "removed", values=(old.model_dump(mode="json"), None))
        yield _change("remove", kind, name, note, old, new)
    elif old is not None and new is not None:
        for note in _notes(kind, old, new, live, desired):
            yield _change("change", kind, name, note, old, new)


def _notes(kind: str, old: Doc, new: Doc, live: ReleaseContent, desired: ReleaseContent) -> list[Note]:
    sides = Sides(old.model_dump(mode="json"), new.model_dump(mode="json"), live, desired)
    notes = list(walk(sides.before, sides.after, RULES[kind](sides), _unnamed))
    if isinstance(old, Resilience) and isinstance(new, Resilience):
        notes += resilience.whole(old, new)
    notes += secret.sent(sides.before, sides.after)
    # A version that rose with what it stands for, or with a shared part, is no news.
    return [note for note in notes if not _version(note)] or notes


def _version(note: Note) -> bool:
    return note.code == "document.metadata" and (note.path == "version" or note.path.startswith("parts"))


def _unnamed(path: str, before: Any, after: Any) -> Note:
    code = "document.metadata" if path in METADATA else "document.changed"
    return Note(code, f"{show(path)} {show(before)} → {show(after)}")


def _change(action: Action, kind: str, name: str, note: Note, old: Doc | None, new: Doc | None) -> Change:
    document, (before, after) = new or old, note.values or (None, None)
    return Change(
        kind=kind,
        name=name,
        action=action,
        path=note.path,
        before=before,
        after=after,
        code=note.code,
        sentence=clip(note.text, 600),
        risk=MEANINGS[note.code].risk,
        versions=(old.version if old else None, new.version if new else None),
        owner=document.owner if document else "",
    )


def _words(document: Doc) -> str:
    if isinstance(document, ResolvedPrompt):
        return count(len(document.messages), "message")
    if isinstance(document, Code):
        return count(len(document.source.splitlines()), "line")
    return show(document.description)
