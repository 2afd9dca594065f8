"""The table of kept files, for what goes through all tables; it is used without SQLAlchemy."""

import sqlalchemy as sa

from mooring.state.tables import TABLES, moment, text

KEPT = sa.Table(
    "kept",
    TABLES,
    text("name", primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    moment("written"),
)
