"""The table of migrations, oldest first. One for every format before the one that this version reads.

A new format is made so: raise `api_version` in `spec/document.py`, change the models, and add a `Migration` here with
one step for each kind that changed. A step never goes: a team may be several formats behind.
"""

from mooring.catalog.migrations.migration import Migration

MIGRATIONS: tuple[Migration, ...] = ()
