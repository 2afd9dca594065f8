"""Leases on environments: who may change one, and until when, by the database's clock.

A lease's row is never deleted, so that its token can only grow.
"""

from dataclasses import asdict, dataclass

from mooring.state.records.statements import Statements

_GET = "select environment, token, owner, actor, kind, until from leases where environment = :environment"
_PUT = """insert into leases (environment, token, owner, actor, kind, until)
    values (:environment, :token, :owner, :actor, :kind, :until)
    on conflict (environment) do update set token = excluded.token, owner = excluded.owner, actor = excluded.actor,
    kind = excluded.kind, until = excluded.until where leases.token < excluded.token"""
_RENEW = """update leases set until = :until where environment = :environment and token = :token
    returning token"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may change an environment. `owner` is host:pid:start@machine, where `machine` is what sees that process;
    earlier versions leave it out. `until` is Unix time, 0 when it was given back."""

    environment: str
    token: int
    owner: str
    actor: str
    kind: str
    until: float

    @property
    def process(self) -> str:
        """The owner as a person reads it: host:pid:start."""
        return self.owner.partition("@")[0]


def read(statements: Statements, environment: str) -> Lease | None:
    """The newest lease, whether or not it still holds."""
    rows = statements(_GET, environment=environment)
    return Lease(*rows[0]) if rows else None


def put(statements: Statements, lease: Lease) -> None:
    """Writes a lease unless one with its token, or a higher one, was there."""
    statements(_PUT, **asdict(lease))


def renew(statements: Statements, environment: str, token: int, until: float) -> bool:
    """Moves the end of the lease with this token; False when there is a newer one."""
    return bool(statements(_RENEW, environment=environment, token=token, until=until))
