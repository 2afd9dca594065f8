"""The ledger of an environment: every transition, with the state that it led to."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import Event, State
from mooring.state.link import Link
from mooring.state.place.location import Location, locate
from mooring.state.records import leases, ledger
from mooring.state.records.statements import Statements
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.spec.environment import Environment

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One transition. `event` and `state` are the JSON forms of what happened and of the resulting state.

    `machine` is where it happened, "" in entries of earlier versions.
    """

    seq: int
    environment: str
    at: float
    actor: str
    token: int
    event: dict[str, Any]
    state: dict[str, Any]
    hash: str
    machine: str = ""

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


class Ledger:
    """The ledger and the leases in the database at `location`, made when missing.

    Any thread may use it. Every method raises Failed(STORAGE) when the database cannot be used, Refused(TAMPERED) when
    it is none any more. `clock` replaces the database's, in tests. `patience` is for how many seconds the database may
    say nothing.
    """

    def __init__(
        self,
        location: Location,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] | None = None,
        patience: float | None = None,
    ) -> None:
        self.location = location
        self._clock = clock
        self._link = Link(location.found(environ), location.state, patience)
        self._noted: dict[str, tuple[int, list[Entry]]] = {}
        self._drilled: dict[str, tuple[int, dict[str, Entry]]] = {}

    @classmethod
    def of(
        cls,
        root: Path,
        environment: "Environment | str",
        state: Path,
        environ: Mapping[str, str],
        patience: float | None = None,
    ) -> Self:
        """That of an environment, whose folder remembers from now on where it is.

        Raises Failed(STORAGE), Refused(STALE) or UsageError when that cannot be told.
        """
        location = locate(root, environment, state)
        opened = cls(location, environ, patience=patience)
        with _storage(location):
            opened._link.read(lambda _statements: None)
            location.remember()
        return opened

    def close(self) -> None:
        self._link.close()

    def read(self, work: Callable[[Statements], T]) -> T:
        """The result of statements that change nothing."""
        with _storage(self.location):
            return self._link.read(work)

    def write(self, work: Callable[[Statements], T]) -> T:
        """The result of work that is done as a whole or not at all."""
        with _storage(self.location):
            return self._link.write(work)

    def now(self, statements: Statements) -> float:
        """Unix time by the clock that all processes have in common."""
        return self._clock() if self._clock else statements.now()

    def append(self, environment: str, token: int, actor: str, event: Event, state: State, machine: str = "") -> Entry:
        """Writes a transition before it is acted on. Raises Refused(FENCED) when a newer lease than `token` exists."""
        body: dict[str, Any] = {"at": event.at, "actor": actor, "token": token, "machine": machine}
        body |= {"event": event.data(), "state": state.data()}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))

        def work(statements: Statements) -> ledger.Row:
            ledger.lock(statements, environment)
            held = leases.read(statements, environment)
            if held is not None and held.token != token:
                what = f"another process took over {environment} (token {held.token}, mine {token})"
                raise Refused(Reason.FENCED, what)
            return ledger.append(statements, environment, text)

        return _entry(self.write(work))

    def record(self, chain: str, actor: str, event: Event) -> Entry:
        """Writes what happened beside rollouts into a chain of its own: without a lease, and in no rollout's way.

        `chain` is no environment's name.
        """
        body = {"at": event.at, "actor": actor, "token": 0, "machine": "", "event": event.data(), "state": {}}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return _entry(self.write(lambda statements: ledger.append(statements, chain, text)))

    def ours(self, environment: str, machine: str) -> bool:
        """Whether the last entry is of this machine, or there is none."""
        newest = self.entries(1, environment)
        return not newest or newest[0].machine in ("", machine)

    def state(self, environment: str) -> State:
        """The state of the environment's rollout, from its last entry."""
        newest = self.entries(1, environment)
        return State.read(newest[0].state) if newest else State()

    def entries(self, limit: int = 50, environment: str | None = None) -> list[Entry]:
        """The newest entries, the newest first."""
        return [_entry(row) for row in self.read(lambda statements: ledger.newest(statements, limit, environment))]

    def last(self, environment: str, event: str) -> Entry | None:
        """The newest entry with a kind of event, such as `switched`."""
        row = self.read(lambda statements: ledger.last(statements, environment, event))
        return _entry(row) if row else None

    def backward(self, environment: str, page: int = 200) -> Iterator[Entry]:
        """All entries of an environment, the newest first, read `page` at a time."""
        found = self.entries(page, environment)
        while found:
            yield from found
            seq = found[-1].seq
            rows = self.read(lambda statements, seq=seq: ledger.before(statements, environment, seq, page))  # type: ignore[misc]
            found = [_entry(row) for row in rows]

    def noted(self, environment: str, most: int = 20, back: int = 5000) -> list[Entry]:
        """At most so many notes among the last `back` entries, the newest first.

        What was read once is not read again: entries are never changed.
        """
        seen, known = self._noted.get(environment, (0, []))

        def work(statements: Statements) -> tuple[int, list[ledger.Row]]:
            last = ledger.end(statements, environment)
            after = max(last - back, seen if seen <= last else 0)  # a restore may have put an older one in its place
            return last, ledger.noted(statements, environment, most, after)

        last, rows = self.read(work)
        kept = known if seen <= last else []
        found = [*map(_entry, rows), *kept][:most]
        self._noted[environment] = last, found
        return list(found)

    def drilled(self, environment: str) -> dict[str, Entry]:
        """The newest receipt of each live drill, by its name. What was read once is not read again."""
        seen, known = self._drilled.get(environment, (0, {}))

        def work(statements: Statements) -> tuple[int, int, list[ledger.Row]]:
            last = ledger.end(statements, environment)
            start = seen if seen <= last else 0  # a restore may have put an older one in its place
            return last, start, ledger.after(statements, environment, "drilled", start)

        last, start, rows = self.read(work)
        newer = {entry.event["exercise"]: entry for entry in map(_entry, rows)}
        found = {**(known if start else {}), **newer}
        self._drilled[environment] = last, found
        return dict(found)

    def commit_of(self, environment: str, digest: str) -> str | None:
        """The commit that a release was last deployed from, if one was recorded."""
        for row in self.read(lambda statements: ledger.saying(statements, environment, digest, '"commit":"')):
            event = _entry(row).event
            if event.get("digest") == digest and event.get("commit"):
                return str(event["commit"])
        return None

    def taken_back(self, environment: str, digest: str) -> Entry | None:
        """The entry by which a release was quarantined; None where there is none, or it was live for good since."""
        named, serves = f'"quarantined":"{digest}"', f'"live":{{"digest":"{digest}"'

        def work(statements: Statements) -> ledger.Row | None:
            out = ledger.newest_saying(statements, environment, named, named)
            good = ledger.newest_saying(statements, environment, serves, '"phase":"idle","quarantined":null')
            since = good.seq if good else 0
            return ledger.first_saying(statements, environment, named, since) if out and out.seq > since else None

        found = self.read(work)
        return _entry(found) if found else None

    def counted(self, environment: str, seq: int) -> Entry | None:
        """The first receipt after an entry."""
        row = self.read(lambda statements: ledger.first_saying(statements, environment, '"event":"accounted"', seq))
        return _entry(row) if row else None

    def verify(self) -> int:
        """Checks the chains and returns the number of entries. Raises Refused(TAMPERED) with the first altered one."""
        try:
            return self.read(ledger.check)
        except ledger.Broken as broken:
            raise Refused(Reason.TAMPERED, f"{self.location}: {broken}") from None


def _entry(row: ledger.Row) -> Entry:
    body = json.loads(row.body)
    at, actor, token, event, state = (body[name] for name in ("at", "actor", "token", "event", "state"))
    return Entry(row.seq, row.environment, at, actor, token, event, state, row.hash, body.get("machine", ""))


@contextmanager
def _storage(location: Location) -> Iterator[None]:
    """Turns errors of the database and the disk into Failed(STORAGE) or Refused(TAMPERED) with one line."""
    try:
        yield
    except Unavailable as error:
        if "not a database" in str(error) or "damaged" in str(error):
            raise Refused(Reason.TAMPERED, f"cannot use {location}: {error}", error.fix) from None
        fix = error.fix or "nothing was done: every step is written there first; see that it can be reached"
        raise Failed(Reason.STORAGE, f"cannot use {location}: {error}", fix) from None
    except OSError as error:
        fix = "make room, or make the folder writable"
        raise Failed(Reason.STORAGE, f"cannot use {location}: {error.strerror}", fix) from None
