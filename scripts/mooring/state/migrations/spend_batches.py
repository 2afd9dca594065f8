"""What each process last added to what tenants spent, so that nothing is added twice."""

from mooring.state.migrations.migration import Migration

SPEND_BATCHES = Migration(
    "batches of spend",
    up=("create table spend_batches (writer $text primary key, number $number not null, day $text not null) $strict",),
    down=("drop table spend_batches",),
    backward_compatible=True,
)
