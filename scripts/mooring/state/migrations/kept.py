"""What a process keeps whose folder ends with it, as a pod's does."""

from mooring.state.migrations.migration import Migration

KEPT = Migration(
    "kept",
    up=("create table kept (name $text primary key, content $bytes not null, written $real not null) $strict",),
    down=("drop table kept",),
    backward_compatible=True,
)
