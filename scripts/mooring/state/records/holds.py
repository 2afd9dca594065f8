"""What is taken for a while and ends by itself: locks against deployments, and silences of alerts.

Without SQLAlchemy, since every deployment asks. Times are Unix time by the database's clock.
"""

from dataclasses import asdict, dataclass
from typing import Any

from mooring.state.records.statements import Statements

LOCK, SILENCE = "lock", "silence"

_PUT = """insert into holds (id, kind, subject, owner, reason, since, until, ended, announced)
    values (:id, :kind, :subject, :owner, :reason, :since, :until, :ended, :announced)"""
_IN_FORCE = """select id, kind, subject, owner, reason, since, until, ended, announced from holds
    where kind = :kind and subject = :subject and ended = '' and until > :now order by since, id"""
_END = "update holds set ended = :by where id = :id and ended = '' and until > :now returning id"
_OVER = """select id, kind, subject, owner, reason, since, until, ended, announced from holds
    where subject = :subject and announced = 0 and (ended <> '' or until <= :now) order by until, id"""
_ANNOUNCE = "update holds set announced = 1 where id = :id and announced = 0 returning id"
_FORGET = "delete from holds where until < :before"


@dataclass(frozen=True, slots=True)
class Hold:
    """`subject` is an environment, `owner` who took it. `ended` says who ended it early, "" for nobody.

    `announced` is 1 once its end was told to people.
    """

    id: str
    kind: str
    subject: str
    owner: str
    reason: str
    since: float
    until: float
    ended: str = ""
    announced: int = 0

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def put(statements: Statements, hold: Hold) -> None:
    """Writes a new one."""
    statements(_PUT, **asdict(hold))


def in_force(statements: Statements, kind: str, subject: str, now: float) -> list[Hold]:
    """Those that hold, the oldest first."""
    return [Hold(*row) for row in statements(_IN_FORCE, kind=kind, subject=subject, now=now)]


def end(statements: Statements, hold: str, by: str, now: float) -> bool:
    """Ends one before its time; False when it was over already."""
    return bool(statements(_END, id=hold, by=by, now=now))


def over(statements: Statements, subject: str, now: float) -> list[Hold]:
    """Those that have ended and whose end was not announced."""
    return [Hold(*row) for row in statements(_OVER, subject=subject, now=now)]


def announce(statements: Statements, hold: str) -> bool:
    """Notes that its end is announced; False when somebody else does that."""
    return bool(statements(_ANNOUNCE, id=hold))


def forget(statements: Statements, before: float) -> None:
    """Deletes those that would have ended before."""
    statements(_FORGET, before=before)
