"""What was said by chat: events that were heard, each once, and questions that wait for an answer."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import SECONDS, TABLES, moment, text

EVENTS = sa.Table(
    "chat_events",
    TABLES,
    text("platform", primary_key=True),
    text("event", primary_key=True),
    moment("at"),
    text("received"),
    # The answer as it is now, and where it is shown; when both were final.
    sa.Column("answer", sa.Text),
    sa.Column("posted", sa.Text),
    sa.Column("done", SECONDS),
    sa.Index("chat_events_by_time", "at"),
)

QUESTIONS = sa.Table(
    "chat_questions",
    TABLES,
    text("token", primary_key=True),
    moment("at"),
    moment("until"),
    text("person"),
    text("platform"),
    text("command"),
    text("place"),
    text("digest"),
    text("confirm"),
    text("state"),
    text("decided"),
)

OPEN = "open"
"""The state of a question that nobody has answered; another one is how it was answered."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a platform delivered. `received`, `answer` and `posted` are JSON; `done` is None until its final
    answer is shown, or nobody can be shown it any more."""

    platform: str
    event: str
    at: float
    received: str
    answer: str | None = None
    posted: str | None = None
    done: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A change that waits for a yes. `command`, `place` and `decided` are JSON; `decided` is "" while it is open."""

    token: str
    at: float
    until: float
    person: str
    platform: str
    command: str
    place: str
    digest: str
    confirm: str
    state: str = OPEN
    decided: str = ""


def hear(connection: sa.Connection, event: Event) -> bool:
    """Writes down an event; False where it was heard before."""
    put = tables.insert(connection.dialect.name, EVENTS).values(asdict(event)).on_conflict_do_nothing()
    # Of an INSERT, psycopg does not tell how many rows it was.
    return connection.execute(put.returning(EVENTS.c.event)).first() is not None


def event(connection: sa.Connection, platform: str, name: str) -> Event | None:
    found = connection.execute(sa.select(EVENTS).where(*_named(platform, name))).first()
    return Event(*found) if found else None


def answer(connection: sa.Connection, platform: str, name: str, said: str) -> None:
    """Writes down the answer to an event as it is now."""
    connection.execute(sa.update(EVENTS).where(*_named(platform, name)).values(answer=said))


def show(
    connection: sa.Connection, platform: str, name: str, said: str, posted: str | None, done: float | None
) -> None:
    """Writes down the answer to an event, where it is shown unless nowhere, and when that was all."""
    values = {"answer": said, "done": done} | ({} if posted is None else {"posted": posted})
    connection.execute(sa.update(EVENTS).where(*_named(platform, name)).values(values))


def over(connection: sa.Connection, platform: str, name: str, done: float) -> None:
    """Nothing follows an event, and nobody is answered."""
    connection.execute(sa.update(EVENTS).where(*_named(platform, name)).values(done=done))


def last(connection: sa.Connection, platform: str) -> float | None:
    """When something was last heard from a platform."""
    found = connection.execute(sa.select(sa.func.max(EVENTS.c.at)).where(EVENTS.c.platform == platform)).scalar()
    return None if found is None else float(found)


def left(connection: sa.Connection, most: int) -> list[Event]:
    """Events whose final answer was not shown, the oldest first."""
    wanted = sa.select(EVENTS).where(EVENTS.c.done.is_(None)).order_by(EVENTS.c.at).limit(most)
    return [Event(*row) for row in connection.execute(wanted)]


def ask(connection: sa.Connection, question: Question) -> None:
    connection.execute(sa.insert(QUESTIONS).values(asdict(question)))


def question(connection: sa.Connection, token: str) -> Question | None:
    found = connection.execute(sa.select(QUESTIONS).where(QUESTIONS.c.token == token)).first()
    return Question(*found) if found else None


def questions(connection: sa.Connection, platform: str, place: str) -> list[Question]:
    """Those that were asked in a place and may still be kept, the newest first."""
    wanted = sa.select(QUESTIONS).where(QUESTIONS.c.platform == platform, QUESTIONS.c.place == place)
    return [Question(*row) for row in connection.execute(wanted.order_by(QUESTIONS.c.at.desc()))]


def decide(connection: sa.Connection, token: str, state: str, decided: str) -> bool:
    """Answers an open question; False where somebody was first."""
    wanted = sa.update(QUESTIONS).where(QUESTIONS.c.token == token, QUESTIONS.c.state == OPEN)
    return connection.execute(wanted.values(state=state, decided=decided)).rowcount == 1


def forget(connection: sa.Connection, before: float, most: int) -> None:
    """Forgets events that are older, all but the newest so many, and questions that were over before."""
    newest = sa.select(EVENTS.c.at).order_by(EVENTS.c.at.desc()).offset(most).limit(1)
    if (oldest := connection.execute(newest).scalar()) is not None:
        connection.execute(sa.delete(EVENTS).where(EVENTS.c.at <= oldest))
    connection.execute(sa.delete(EVENTS).where(EVENTS.c.at < before))
    connection.execute(sa.delete(QUESTIONS).where(QUESTIONS.c.until < before))


def _named(platform: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return EVENTS.c.platform == platform, EVENTS.c.event == name
