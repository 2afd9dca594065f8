"""Whose database it is, whether it is still in force, and which code runs on it."""

from mooring.state.migrations.migration import Migration

IDENTITY = Migration(
    "identity and running code",
    up=(
        """create table identity (
            id $text primary key, environment $text not null, made $real not null,
            needs $number not null, moving $text, moved_to $text
        ) $strict""",
        """create table running_code (
            folder $text not null, slot $text not null, release $text not null, migrations $number not null,
            since $real not null, primary key (folder, slot)
        ) $strict""",
    ),
    down=("drop table running_code", "drop table identity"),
    backward_compatible=True,
)
