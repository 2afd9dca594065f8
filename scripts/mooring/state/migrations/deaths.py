"""How many processes died during a run: only that tells one that kills them from one that was handed over often."""

from mooring.state.migrations.migration import Migration

DEATHS = Migration(
    "deaths during runs",
    up=("alter table parts add column deaths $number not null default 0", "update parts set deaths = adopted"),
    down=("alter table parts drop column deaths",),
    backward_compatible=True,
)
