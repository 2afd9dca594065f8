"""Whether a vector database finds the nearest neighbours of a vector."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2

from mooring.operate.patrol.looks.http import where
from mooring.operate.patrol.reasons import reason
from mooring.operate.patrol.seen import Found, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import HttpVectors, PgVector, VectorQuery

if TYPE_CHECKING:
    from psycopg import sql

OPERATORS = {"cosine": "<=>", "l2": "<->", "inner-product": "<#>"}
"""https://github.com/pgvector/pgvector#querying"""


def looks(check: VectorQuery, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        if isinstance(check.store, PgVector):
            count = await _in_postgres(check.store, check, surroundings)
        else:
            count = await _over_http(check.store, surroundings)
        if count < check.at_least:
            raise Trouble(f"finds {count} neighbours, and at least {check.at_least} must be there")
        return Found(f"{count} found")

    yield "", look


async def _in_postgres(store: PgVector, check: VectorQuery, surroundings: Surroundings) -> int:
    """Neighbours of a vector that is in the table: what it finds first is that one."""
    from mooring.operate.patrol.postgres import ask

    url, query = surroundings.secret(store.secret_ref), nearest(store, check.at_least)
    return len(await asyncio.get_running_loop().run_in_executor(None, ask, url, query, check.timeout_seconds))


def nearest(store: PgVector, limit: int) -> "sql.Composed":
    """The query, whose order an index on the column serves."""
    from psycopg import sql

    table, column = sql.Identifier(*store.table.split(".")), sql.Identifier(store.column)
    return sql.SQL(
        "select 1 from {table} where {column} is not null order by {column} {operator} "
        "(select {column} from {table} where {column} is not null limit 1) limit {limit}"
    ).format(table=table, column=column, operator=sql.SQL(OPERATORS[store.distance]), limit=sql.Literal(limit))


async def _over_http(store: HttpVectors, surroundings: Surroundings) -> int:
    headers = surroundings.header(store.secret_ref, store.secret_header)
    try:
        response = await surroundings.http(store.url).post(store.url, headers=headers, json=store.body)
    except httpx2.HTTPError as error:
        raise Trouble(reason(error, where(store.url))) from error
    if not response.is_success:
        raise Trouble(f"{where(store.url)} answers HTTP {response.status_code}")
    try:
        found = pointed(response.json(), store.results)
    except (ValueError, LookupError):
        found = None
    if not isinstance(found, list):
        raise Trouble(f"{where(store.url)} answers without a list at {store.results or 'the root'}")
    return len(found)


def pointed(value: Any, pointer: str) -> Any:
    """The part of a JSON value that a JSON Pointer names (RFC 6901). Raises LookupError or ValueError."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(key)]
        elif isinstance(value, dict):
            value = value[key]
        else:
            raise LookupError(key)
    return value
