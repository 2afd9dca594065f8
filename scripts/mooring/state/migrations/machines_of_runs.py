"""Which machine a run without checkpoints is at: process numbers say nothing on another one."""

from mooring.state.migrations.migration import Migration

MACHINES_OF_RUNS = Migration(
    "machines of runs",
    up=("alter table runs add column machine $text",),
    down=("alter table runs drop column machine",),
    backward_compatible=True,
)
