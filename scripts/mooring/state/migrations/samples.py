"""What an environment had counted, minute by minute."""

from mooring.state.migrations.migration import Migration

SAMPLES = Migration(
    "samples of what was counted",
    up=(
        """create table samples (
            machine $text not null, minute $number not null, data $text not null, primary key (machine, minute)
        ) $strict""",
    ),
    down=("drop table samples",),
    backward_compatible=True,
)
