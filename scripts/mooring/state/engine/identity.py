"""Whose database it is. A row appears once all tables are there: before that, nobody has used it."""

import time

import sqlalchemy as sa

from mooring.state.tables import TABLES, insert, moment, number, text
from mooring.state.unavailable import Unfit

IDENTITY = sa.Table(
    "identity",
    TABLES,
    text("id", primary_key=True),
    text("environment"),
    moment("made"),
    # The migrations that code must know to use it: up to the last one-way door.
    number("needs"),
    # The last move from here or to here, and where the data is while this is not the place in force.
    sa.Column("moving", sa.Text),
    sa.Column("moved_to", sa.Text),
)


def claim(engine: sa.Engine, environment: str) -> None:
    """Makes an empty database that of an environment. Raises Unfit when it is another one's, SQLAlchemyError."""
    if not environment:
        return
    with engine.connect().execution_options(mooring_read=True) as connection:
        owner = connection.execute(sa.select(IDENTITY.c.environment)).scalar()
    if owner is None:
        with engine.begin() as connection:
            new = {"id": "here", "environment": environment, "made": time.time(), "needs": 0}
            put = insert(connection.dialect.name, IDENTITY).on_conflict_do_nothing()
            connection.execute(put, new)
            owner = connection.execute(sa.select(IDENTITY.c.environment)).scalar()
    if owner != environment:
        fix = f"name a database for {environment} alone, or rename the environment back"
        raise Unfit(f"the database belongs to the environment {owner}", fix)


def arrive(engine: sa.Engine, move: str) -> None:
    """Makes a database the one in force that a move has filled, unless that is done. Raises SQLAlchemyError.

    Raises Unfit where no move has ever come, such as another machine's file of the same name.
    """
    with engine.begin() as connection:
        came = sa.select(IDENTITY.c.moving).where(IDENTITY.c.moving.is_not(None))
        if not sa.inspect(connection).has_table(IDENTITY.name) or connection.execute(came).first() is None:
            fix = "machines that share the state keep it in PostgreSQL; else only the one with the file may serve"
            raise Unfit("the state was moved to a file that is not on this machine", fix)
        arrived = sa.update(IDENTITY).where(IDENTITY.c.moving == move, IDENTITY.c.moved_to.is_not(None))
        connection.execute(arrived.values(moved_to=None))
