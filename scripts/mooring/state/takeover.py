"""Takes over what earlier versions kept in files of their own."""

import sqlalchemy as sa

from mooring.state.tables import TABLES, moment, number, text

TAKEN = sa.Table(
    "taken_over",
    TABLES,
    text("file", primary_key=True),
    number("mark", primary_key=True),
    moment("at"),
    number("whole"),
)
