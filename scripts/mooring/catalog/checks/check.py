"""One row of the table of checks."""

from collections.abc import Callable
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remarks


@dataclass(frozen=True, slots=True)
class Check:
    """`says` is what must hold, `fix` what to do where it does not.

    `run` is None for what is found while a file is read, and for what needs git or the schemas folder.
    """

    says: str
    fix: str
    run: Callable[[Catalog], Remarks] | None = None
