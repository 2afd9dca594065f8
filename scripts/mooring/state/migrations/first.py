"""Runs, conversations, last good answers, and what tenants spend."""

from mooring.state.migrations.migration import Migration

FIRST = Migration(
    "runs, conversations, answers and spend",
    up=(
        """create table runs (
            id $text primary key, tenant $text not null, agent $text not null, release $text not null,
            slot $text not null, status $text not null, process $number, created $real not null,
            updated $real not null, data $text not null, messages $bytes
        ) $strict""",
        "create index runs_updated on runs (updated)",
        """create table conversations (
            id $text primary key, tenant $text not null, agent $text not null, created $real not null,
            updated $real not null, keep_until $real not null, version $number not null, bytes $number not null,
            holder $text, until $real not null
        ) $strict""",
        "create index conversations_keep_until on conversations (keep_until)",
        """create table turns (
            conversation $text not null, version $number not null, run $text not null, said $real not null,
            messages $bytes not null, primary key (conversation, version), unique (conversation, run)
        ) $strict""",
        """create table answers (
            key $text primary key, tenant $text not null, text $bytes not null, saved $real not null
        ) $strict""",
        "create index answers_saved on answers (saved)",
        """create table spend (
            day $text not null, tenant $text not null, key $text not null, agent $text not null,
            calls $number not null, tokens $number not null, usd $real not null,
            primary key (day, tenant, key, agent)
        ) $strict""",
        """create table taken_over (
            file $text not null, mark $number not null, at $real not null, whole $number not null,
            primary key (file, mark)
        ) $strict""",
    ),
    down=tuple(f"drop table {name}" for name in ("taken_over", "spend", "answers", "turns", "conversations", "runs")),
    backward_compatible=True,
)
