"""What an export follows: a queue of changes, what is known of exports, and what was forgotten."""

from mooring.state.migrations.migration import Migration, Statement

LAPSE = 7 * 86400
"""Seconds after which an exporter that has not been seen is no longer waited for: its queue would grow for ever."""


def follow(table: str, event: str, key: str, part: str = "0") -> tuple[Statement, ...]:
    """Puts each row that `event` (`insert` or `delete`) meets into the queue, by the SQL of its key.

    Both engines queue it in the transaction of the change, and only while an exporter is there.
    """
    row = "new" if event == "insert" else "old"
    values = (f"'{table if event == 'insert' else f'-{table}'}'", f"{row}.{key}", _part(row, part))
    put = f"insert into changes (subject, key, part) values ({', '.join(values)})"  # noqa: S608 - all are names
    there = f"select 1 from exports where name = 'stream' and seen > %s - {LAPSE}"  # noqa: S608
    name = f"{table}_{event}_followed"
    trigger = f"create trigger {name} after {event} on {table} for each row"
    server = there % "extract(epoch from now())"
    function = (
        f"create function {name}() returns trigger language plpgsql set search_path from current as $$$$ begin"
        f" if exists ({server}) then {put}; end if; return null; end $$$$"
    )
    local = there % "cast(strftime('%s', 'now') as real)"
    return (
        {"postgresql": function},
        {
            "sqlite": f"{trigger} when exists ({local}) begin {put}; end",
            "postgresql": f"{trigger} execute function {name}()",
        },
    )


def unfollow(table: str, event: str) -> tuple[Statement, ...]:
    """Undoes `follow`."""
    name = f"{table}_{event}_followed"
    gone = {"sqlite": f"drop trigger {name}", "postgresql": f"drop trigger {name} on {table}"}
    return gone, {"postgresql": f"drop function {name}()"}


def _part(row: str, part: str) -> str:
    return part if part.isdecimal() else f"{row}.{part}"


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
