"""The tables of holds and approvals, for what goes through all tables; they are used without SQLAlchemy."""

import sqlalchemy as sa

from mooring.state.tables import TABLES, moment, number, text

HOLDS = sa.Table(
    "holds",
    TABLES,
    text("id", primary_key=True),
    text("kind"),
    text("subject"),
    text("owner"),
    text("reason"),
    moment("since"),
    moment("until"),
    text("ended"),
    number("announced"),
)

REQUESTS = sa.Table(
    "approval_requests",
    TABLES,
    text("plan", primary_key=True),
    text("digest"),
    moment("at"),
    text("actor"),
    text("said"),
)

APPROVALS = sa.Table(
    "approvals",
    TABLES,
    text("plan", primary_key=True),
    text("person", primary_key=True),
    text("platform"),
    moment("at"),
    number("approved"),
)
