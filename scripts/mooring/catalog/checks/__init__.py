"""The named table of checks."""

from mooring.catalog.catalog import Catalog
from mooring.finding import Finding


def check(catalog: Catalog) -> list[Finding]:
    """Findings of every check of the table, in order of place."""
    return []
