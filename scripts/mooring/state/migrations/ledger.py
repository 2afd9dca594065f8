"""The ledger, where each environment's chain ends, and leases."""

from mooring.state.migrations.migration import Migration

_REFUSED = "the ledger is append-only"

LEDGER = Migration(
    "ledger and leases",
    up=(
        """create table ledger (
            environment $text not null, seq $number not null, body $text not null, previous $text not null,
            hash $text not null unique, primary key (environment, seq)
        ) $strict""",
        "create table chains (environment $text primary key, seq $number not null, hash $text not null) $strict",
        """create table leases (
            environment $text primary key, token $number not null, owner $text not null, actor $text not null,
            kind $text not null, until $real not null
        ) $strict""",
        {
            "sqlite": "create trigger ledger_is_never_changed before update on ledger"
            f" begin select raise(abort, '{_REFUSED}'); end"
        },
        {
            "sqlite": "create trigger ledger_is_never_deleted before delete on ledger"
            f" begin select raise(abort, '{_REFUSED}'); end"
        },
        {
            "postgresql": "create function refuse_to_change() returns trigger language plpgsql as"
            f" 'begin raise exception ''{_REFUSED}''; end'"
        },
        {
            "postgresql": "create trigger ledger_is_append_only before update or delete or truncate on ledger"
            " for each statement execute function refuse_to_change()"
        },
        # Also for who says `set session_replication_role = replica`.
        {"postgresql": "alter table ledger enable always trigger ledger_is_append_only"},
    ),
    down=(
        "drop table leases",
        "drop table chains",
        "drop table ledger",
        {"postgresql": "drop function refuse_to_change()"},
    ),
    backward_compatible=True,
)
