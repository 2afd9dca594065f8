"""What an export follows: a queue of changes, what is known of exports, and what was forgotten."""

from mooring.state.migrations.migration import Migration, Statement

LAPSE = 7 * 86400
"""Seconds after which an exporter that has not been seen is no longer waited for: its queue would grow for ever."""


def follow(table: str, event: str, key: str, part: str = "0") -> tuple[Statement, ...]:
    """Puts each row that `event` (`insert` or `delete`) meets into the queue, by the SQL of its key.

    Both engines queue it in the transaction of the change, and only while an exporter is there.
    """
    row = "new" if event == "insert" else "old"
    subject = table if event == "insert" else f"-{table}"
    put = f"insert into $schema changes (subject, key, part) values ('{subject}', {row}.{key}, {_part(row, part)})"
    there = f"select 1 from $schema exports where name = 'stream' and seen > $now - {LAPSE}"
    local = {"schema ": "", "now": "cast(strftime('%s', 'now') as real)"}
    server = {"schema ": "mooring.", "now": "extract(epoch from now())"}
    name = f"{table}_{event}_followed"
    function = (
        f"create function mooring.{name}() returns trigger language plpgsql as $$$$ begin"
        f" if exists ({_filled(there, server)}) then {_filled(put, server)}; end if; return null; end $$$$"
    )
    trigger = f"create trigger {name} after {event} on {table} for each row"
    return (
        {"postgresql": function},
        {
            "sqlite": f"{trigger} when exists ({_filled(there, local)}) begin {_filled(put, local)}; end",
            "postgresql": f"{trigger} execute function mooring.{name}()",
        },
    )


def unfollow(table: str, event: str) -> tuple[Statement, ...]:
    """Undoes `follow`."""
    name = f"{table}_{event}_followed"
    gone = {"sqlite": f"drop trigger {name}", "postgresql": f"drop trigger {name} on {table}"}
    return gone, {"postgresql": f"drop function mooring.{name}()"}


def _part(row: str, part: str) -> str:
    return part if part.isdecimal() else f"{row}.{part}"


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    return text


EXPORT = Migration(
    "exports, the queue they follow, and tombstones",
    up=(
        """create table exports (
            name $text primary key, holder $text, until $real not null, seen $real not null, data $text not null
        ) $strict""",
        {
            "sqlite": "create table changes (id integer primary key autoincrement, subject text not null,"
            " key text not null, part integer not null) strict",
            "postgresql": "create table changes (id bigint generated always as identity primary key,"
            " subject text not null, key text not null, part bigint not null)",
        },
        "create table tombstones (subject $text, key $text, at $real not null, primary key (subject, key)) $strict",
        *follow("turns", "insert", "conversation", "version"),
        *follow("conversations", "delete", "id"),
        *follow("tombstones", "insert", "subject || ' ' || new.key"),
    ),
    down=(
        *unfollow("tombstones", "insert"),
        *unfollow("conversations", "delete"),
        *unfollow("turns", "insert"),
        *(f"drop table {name}" for name in ("tombstones", "changes", "exports")),
    ),
    backward_compatible=True,
)
