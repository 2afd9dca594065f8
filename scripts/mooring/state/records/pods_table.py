"""The table of pods, for what goes through all tables; it is used without SQLAlchemy."""

import sqlalchemy as sa

from mooring.state.tables import SECONDS, TABLES, moment, number, text

PODS = sa.Table(
    "pods",
    TABLES,
    text("id", primary_key=True),
    text("environment"),
    text("slot"),
    text("digest"),
    text("pod"),
    text("uid"),
    text("admin"),
    number("received"),
    number("answered"),
    number("failed"),
    number("abandoned"),
    number("in_flight"),
    number("lost"),
    moment("began"),
    moment("beat"),
    sa.Column("ended", SECONDS),
)
