"""Every table is copied, or is known to be of one database alone."""

import importlib
import pkgutil

from mooring import state
from mooring.state.copies.collections import COLLECTIONS, OWN, tables_of
from mooring.state.tables import TABLES

for module in pkgutil.walk_packages(state.__path__, "mooring.state."):
    importlib.import_module(module.name)


def test_every_table_is_in_one_collection_or_is_a_databases_own() -> None:
    named = [table for tables in COLLECTIONS.values() for table in tables]
    assert len(named) == len(set(named))
    assert set(named) | OWN == set(TABLES.tables) | {"versions"}
    assert not set(named) & OWN


def test_a_table_that_nobody_has_named_is_copied_all_the_same() -> None:
    there = ["exports", "ledger", "something_new", "turns"]
    assert tables_of("runs", there) == ["something_new"]
    assert tables_of("record", there) == ["ledger"]
