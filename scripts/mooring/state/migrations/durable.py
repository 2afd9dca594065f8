"""Runs with checkpoints, their steps, and the processes that have them."""

from mooring.state.migrations.migration import Migration

DURABLE = Migration(
    "runs with checkpoints",
    up=(
        """create table parts (
            run $text not null, part $number not null, tenant $text not null, agent $text not null,
            release $text not null, slot $text not null, status $text not null, executor $text,
            adopted $number not null, created $real not null, updated $real not null, not_before $real,
            request $text not null, data $text, messages $bytes, primary key (run, part)
        ) $strict""",
        "create index parts_running on parts (executor) where status = 'running'",
        "create index parts_queued on parts (not_before) where status = 'queued'",
        "create index parts_updated on parts (updated)",
        """create table steps (
            run $text not null, part $number not null, number $number not null, name $text not null,
            value $text not null, primary key (run, part, number)
        ) $strict""",
        "create table executors (name $text primary key, home $text not null, lease_end $real not null) $strict",
    ),
    down=tuple(f"drop table {name}" for name in ("executors", "steps", "parts")),
    backward_compatible=True,
)
