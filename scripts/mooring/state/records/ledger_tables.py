"""The tables of the ledger and its leases, for what goes through all tables; they are used without SQLAlchemy."""

import sqlalchemy as sa

from mooring.state.tables import TABLES, moment, number, text

LEDGER = sa.Table(
    "ledger",
    TABLES,
    text("environment", primary_key=True),
    number("seq", primary_key=True),
    text("body"),
    text("previous"),
    text("hash", unique=True),
)

CHAINS = sa.Table("chains", TABLES, text("environment", primary_key=True), number("seq"), text("hash"))

LEASES = sa.Table(
    "leases",
    TABLES,
    text("environment", primary_key=True),
    number("token"),
    text("owner"),
    text("actor"),
    text("kind"),
    moment("until"),
)
