"""What pods of a cluster counted, which come and go."""

from mooring.state.migrations.migration import Migration

PODS = Migration(
    "pods",
    up=(
        """create table pods (
            id $text primary key, environment $text not null, slot $text not null, digest $text not null,
            pod $text not null, uid $text not null, admin $text not null, received $number not null,
            answered $number not null, failed $number not null, abandoned $number not null,
            in_flight $number not null, lost $number not null, began $real not null, beat $real not null, ended $real
        ) $strict""",
    ),
    down=("drop table pods",),
    backward_compatible=True,
)
