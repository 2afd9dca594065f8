"""When scheduled jobs ran."""

from mooring.state.migrations.migration import Migration

HEARTBEATS = Migration(
    "heartbeats",
    up=(
        """create table heartbeats (
            job $text primary key, first $real not null, ran $real not null, outcome $text not null, reported $real
        ) $strict""",
    ),
    down=("drop table heartbeats",),
    backward_compatible=True,
)
