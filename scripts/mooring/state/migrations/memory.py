"""What agents remember, found by its words."""

from dataclasses import dataclass

from mooring.state.migrations.migration import Migration

_SQLITE = (
    """create virtual table memories_search using fts5 (
        owner, folded, content = 'memories', content_rowid = 'number', tokenize = 'trigram case_sensitive 1'
    )""",
    """create trigger memories_added after insert on memories begin
        insert into memories_search (rowid, owner, folded) values (new.number, new.owner, new.folded);
    end""",
    """create trigger memories_gone after delete on memories begin
        insert into memories_search (memories_search, rowid, owner, folded)
        values ('delete', old.number, old.owner, old.folded);
    end""",
)

# Where nobody may create the extension there is no index, and a search reads a user's rows.
_POSTGRESQL = (
    """do $code$
    declare home text;
    begin
        begin
            create extension if not exists pg_trgm;
        exception when others then
            raise notice using message = 'pg_trgm cannot be created here: ' || sqlerrm;
        end;
        select nspname into home from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
        where extname = 'pg_trgm';
        if home is not null then
            execute 'create index memories_search on memories using gin (folded '
                || quote_ident(home) || '.gin_trgm_ops)';
        end if;
    end $code$""",
)


@dataclass(frozen=True)
class _Searched(Migration):
    """A migration that ends with what makes a text searchable in each database."""

    def forward(self, dialect: str) -> list[str]:
        return [*super().forward(dialect), *(_SQLITE if dialect == "sqlite" else _POSTGRESQL)]

    def backward(self, dialect: str) -> list[str]:
        search = ["drop table memories_search"] if dialect == "sqlite" else []
        return [*search, *super().backward(dialect)]


MEMORY = _Searched(
    "memories",
    up=(
        """create table memories (
            number $number primary key, tenant $text not null, "user" $text not null, space $text not null,
            agent $text not null, release $text not null, run $text not null, written $real not null,
            keep_until $real not null, bytes $number not null, text $text not null, owner $text not null,
            folded $text not null
        ) $strict""",
        'create index memories_owner on memories (tenant, "user", space, written)',
        "create index memories_keep_until on memories (keep_until)",
    ),
    down=("drop table memories",),
    backward_compatible=True,
)
