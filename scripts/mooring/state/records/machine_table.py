"""The table of machines, for what goes through all tables; it is used without SQLAlchemy."""

import sqlalchemy as sa

from mooring.state.tables import SECONDS, TABLES, moment, number, text

MACHINES = sa.Table(
    "machines",
    TABLES,
    text("id", primary_key=True),
    text("host"),
    text("folder"),
    sa.Column("live", sa.Text),
    number("entry"),
    sa.Column("ahead", SECONDS, nullable=False),
    number("beat"),
    moment("seen"),
)
