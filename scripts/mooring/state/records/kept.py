"""Small files of processes whose folder ends with them, as a pod's does, whole and by name."""

from mooring.state.records.statements import Statements

_GET = "select content from kept where name = :name"
_PUT = """insert into kept (name, content, written) values (:name, :content, :written)
    on conflict (name) do update set content = excluded.content, written = excluded.written"""


def get(statements: Statements, name: str) -> bytes | None:
    """What was kept last under a name."""
    rows = statements(_GET, name=name)
    return bytes(rows[0][0]) if rows else None


def put(statements: Statements, name: str, content: bytes) -> None:
    """Keeps it instead of what was there."""
    statements(_PUT, name=name, content=content, written=statements.now())
