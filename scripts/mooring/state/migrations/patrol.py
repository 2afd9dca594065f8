"""What patrols saw of an environment's dependencies."""

from mooring.state.migrations.migration import Migration

PATROL = Migration(
    "patrol",
    up=(
        """create table patrol_checks (
            name $text primary key, kind $text not null, state $text not null, since $real not null,
            contrary $number not null, seen $real not null, found $text not null, seconds $real not null,
            detail $text not null, note $text not null
        ) $strict""",
        """create table patrol_looks (
            name $text not null, at $real not null, state $text not null, seconds $real not null, detail $text not null,
            primary key (name, at)
        ) $strict""",
        "create index patrol_looks_by_time on patrol_looks (at)",
    ),
    down=("drop table patrol_looks", "drop table patrol_checks"),
    backward_compatible=True,
)
