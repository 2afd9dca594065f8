"""A desk with a real database, two small actions, and a clock that stands still."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mooring.chat.action import Action, Context, Notify, Preview
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Command, Language
from mooring.chat.desk import ContextOf, Desk, Heard
from mooring.chat.said import Caller, Clicked, Place, Said
from mooring.chat.store import Store
from mooring.errors import UsageError
from mooring.operate.records import Records
from mooring.rollout import chatted
from mooring.rollout.ledger import Ledger
from mooring.spec import Chat
from mooring.targets import table

PEOPLE = """
people:
  - {name: ann, slack: U1, github: Ann-Login, roles: [operator]}
  - {name: bob, slack: U2, discord: "77", roles: [operator]}
  - {name: cara, slack: U3, roles: [reader]}
  - {name: dan, slack: U4}
roles:
  operator: {commands: ["deploy *", "agent *", drift]}
  reader: {commands: ["agent status"], environments: [local]}
onCall: [dan]
github:
  repository: acme/agents
  webhookSecret: env:WEBHOOK
  token: env:TOKEN
  roles: {admin: operator}
"""


@dataclass
class Look:
    """Says who asked."""

    changes = False

    def preview(self, command: Command, context: Context) -> Preview:
        raise NotImplementedError

    def run(self, command: Command, context: Context, notify: Notify) -> Answer:
        return Answer(Stage.DONE, f"{context.environment} is well, {context.person}", language=command.language)


@dataclass
class Change:
    """Counts a number up, `before` being what somebody else may do meanwhile."""

    number: int = 0
    error: BaseException | None = None
    done_by: list[str] = field(default_factory=list)

    changes = True

    def preview(self, command: Command, context: Context) -> Preview:
        return Preview(Answer(Stage.ASKS, f"{self.number} -> {self.number + 1}"), f"digest-{self.number}")

    def run(self, command: Command, context: Context, notify: Notify) -> Answer:
        if self.error:
            raise self.error
        self.number += 1
        self.done_by.append(context.person)
        return Answer(Stage.DONE, f"now {self.number}", language=command.language)


@dataclass
class Time:
    """Unix time that a test moves."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Room:
    """Where people talk to a desk."""

    desk: Desk
    store: Store
    time: Time
    change: Change
    documents: dict[str, Chat]
    records: dict[str, Records]
    context_of: ContextOf
    events: Iterator[int] = field(default_factory=lambda: count(1))

    def say(self, text: str, by: str = "U1", platform: str = "slack", event: str = "", channel: str = "C1") -> Heard:
        return self.desk.hear(self.said(text, by, platform, event, channel))

    def said(self, text: str, by: str = "U1", platform: str = "slack", event: str = "", channel: str = "C1") -> Said:
        named = event or f"E{next(self.events)}"
        return Said(named, Caller(platform, by, "Anybody"), Place(platform, channel, "thread"), text)

    def press(self, answer: Answer, button: int = 0, by: str = "U1", platform: str = "slack", event: str = "") -> Heard:
        return self.click(answer.buttons[button].token, by, platform, event)

    def click(self, token: str, by: str = "U1", platform: str = "slack", event: str = "") -> Heard:
        named = event or f"E{next(self.events)}"
        return self.desk.hear(Clicked(named, Caller(platform, by), Place(platform, "C1"), token))

    def ledger(self, environment: str = "local") -> list[dict[str, Any]]:
        """What was recorded of chat, the oldest first."""
        book = self.records[environment].ledger()
        assert book is not None
        return [entry.event for entry in chatted.newest(book, environment)][::-1]

    def decisions(self, environment: str = "local") -> list[tuple[str, str, str]]:
        """(person, decision, code) of each entry."""
        return [(each["person"], each["decision"], each["code"]) for each in self.ledger(environment)]


def finished(heard: Heard) -> Answer:
    """The last answer."""
    answer = heard.work(lambda _line: None) if heard.work else heard.answer
    assert answer is not None
    return answer


@pytest.fixture
def rules() -> Callable[..., Chat]:
    """A Chat document with other values at its top."""
    import yaml

    head = {"apiVersion": "mooring/v1", "kind": "Chat", "name": "chat", "version": "1.0.0"}
    head |= {"description": "Who may speak.", "owner": "@acme/platform"}
    return lambda **values: Chat.model_validate({**head, **yaml.safe_load(PEOPLE), **values})


@pytest.fixture
def room(tmp_path: Path, rules: Callable[..., Chat]) -> Iterator[Room]:
    time, change, documents = Time(), Change(), {"local": rules(), "production": rules(roles={})}
    records: dict[str, Records] = {}
    for name in documents:
        Ledger.of(tmp_path, name, tmp_path / name, {}).close()
        records[name] = Records(tmp_path, tmp_path / name, name, {})

    def context_of(environment: str, person: str, platform: str, language: Language) -> Context:
        if environment not in records:
            raise UsageError(f"no environment {environment!r}")
        return Context(
            root=tmp_path,
            state=tmp_path / environment,
            environment=environment,
            target=table.target(tmp_path, environment, tmp_path / environment),
            records=records[environment],
            document=documents[environment],
            person=person,
            platform=platform,
            language=language,
            may=lambda _: False,
        )

    permissions = {"boss": "admin", "guest": "read"}

    def permission(login: str) -> str | None:
        if login == "offline":
            raise OSError("no network")
        return permissions.get(login)

    store = Store(records["local"], time)
    actions: dict[str, Action] = {
        "agent status": Look(),
        "deploy rollback": change,
        "deploy lock": change,
        "agent restart": change,
    }
    desk = Desk(
        lambda: documents["local"], context_of, actions, store, time, environment="local", permission=permission
    )
    yield Room(desk, store, time, change, documents, records, context_of)
    for each in records.values():
        each.close()


@pytest.fixture
def reopened(room: Room, tmp_path: Path) -> Iterator[Callable[[], Room]]:
    """The next door on the same database."""
    stores: list[Store] = []

    def again() -> Room:
        records = Records(tmp_path, tmp_path / "local", "local", {})
        store = Store(records, room.time)
        stores.append(store)
        actions: dict[str, Action] = {
            "agent status": Look(),
            "deploy rollback": room.change,
            "deploy lock": room.change,
        }
        desk = Desk(lambda: room.documents["local"], room.context_of, actions, store, room.time, environment="local")
        return replace(room, desk=desk, store=store)

    yield again
    for store in stores:
        store.records.close()
