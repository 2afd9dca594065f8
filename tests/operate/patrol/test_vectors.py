"""Real pgvector, and a vector database behind HTTP."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import psycopg
import pytest

from tests.operate.patrol.conftest import Round
from tests.operate.patrol.proxy import Proxy, http_server
from tests.postgres import Cluster

QUICK = {"okBelowSeconds": 10, "alarmAboveSeconds": 10}


def neighbours(**store: Any) -> dict[str, Any]:
    known = {"type": "pgvector", "secretRef": "env:KNOWLEDGE_URL", "table": "documents", "column": "embedding"}
    return {"kind": "vector-query", "store": {**known, **store}, "atLeast": 3, **QUICK}


@pytest.fixture
def knowledge(vectors: Cluster, looked: Round) -> str:
    """The URL of a database with ten documents, which looks know by a variable."""
    url = vectors.fresh()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create extension vector")
        connection.execute("create table documents (id int, embedding vector(3), body text)")
        connection.execute("create index on documents using hnsw (embedding vector_cosine_ops)")
        rows = [(number, f"[{number},1,2]") for number in range(10)]
        connection.cursor().executemany("insert into documents values (%s, %s)", rows)
    looked.around.environ = {"KNOWLEDGE_URL": url}
    return url


@pytest.mark.slow
@pytest.mark.parametrize("distance", ["cosine", "l2", "inner-product"])
def test_neighbours_are_found(knowledge: str, looked: Round, distance: str) -> None:
    assert looked.one(neighbours(distance=distance)) == ("ok", "3 found")


def test_the_index_serves_the_query(knowledge: str) -> None:
    from mooring.operate.patrol.looks.vector_query import nearest
    from mooring.spec.patrol import PgVector

    store = PgVector(type="pgvector", secret_ref="env:X", table="public.documents", column="embedding")
    with psycopg.connect(knowledge) as connection:
        connection.execute("set enable_seqscan = off")
        plan = connection.execute(psycopg.sql.SQL("explain ") + nearest(store, 3)).fetchall()
    assert "Index Scan using documents_embedding_idx" in str(plan)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("delete from documents", "finds 0 neighbours, and at least 3 must be there"),
        ("drop table documents", 'relation "documents" does not exist'),
        ("alter table documents rename embedding to other", 'column "embedding" does not exist'),
        ("drop extension vector cascade", 'column "embedding" does not exist'),
    ],
)
def test_what_is_not_there_is_an_alarm_that_says_so(knowledge: str, looked: Round, change: str, said: str) -> None:
    with psycopg.connect(knowledge, autocommit=True) as connection:
        connection.execute(change.encode())
    assert looked.one(neighbours()) == ("alarm", said)


@pytest.mark.slow
def test_a_paused_server_is_an_alarm_in_time_and_recovers(knowledge: str, looked: Round, vectors: Cluster) -> None:
    vectors.pause()
    try:
        found = looked.one({**neighbours(), "timeoutSeconds": 0.3, "alarmAboveSeconds": 0.3, "okBelowSeconds": 0.3})
    finally:
        vectors.resume()
    assert found == ("alarm", "no answer within 0.3 s")
    looked.one(neighbours())
    assert looked.one(neighbours()) == ("ok", "3 found")


def test_a_slow_database_is_a_warning(knowledge: str, looked: Round, proxied: Callable[[int], Proxy]) -> None:
    port = psycopg.conninfo.conninfo_to_dict(knowledge)["port"]
    proxy = proxied(int(str(port)))
    proxy.delay = 0.05
    looked.around.environ = {"KNOWLEDGE_URL": knowledge.replace(f":{port}/", f":{proxy.port}/")}
    assert looked.one({**neighbours(), "okBelowSeconds": 0.05, "alarmAboveSeconds": 10})[0] == "warn"


def test_no_url_is_repeated_whatever_is_wrong_with_it(looked: Round) -> None:
    for url in ("postgresql://ann:hunter22@127.0.0.1:1/x", "hunter22", "postgresql://ann:hunter22@[broken/x?y=1"):
        looked.around.environ = {"KNOWLEDGE_URL": url}
        looked.before.clear()
        state, detail = looked.one(neighbours())
        assert state in ("alarm", "unknown")
        assert "hunter22" not in detail, detail


def over_http(port: int, **more: Any) -> dict[str, Any]:
    store: dict[str, Any] = {"type": "http", "url": f"http://127.0.0.1:{port}/collections/documents/points/query"}
    store |= {"body": {"query": [0.1, 0.2], "limit": 3}, "results": "/result/points"}
    return {"kind": "vector-query", "store": {**store, **more}, **QUICK}


def test_a_vector_database_is_asked_over_http_with_its_key(looked: Round) -> None:
    asked: list[tuple[str | None, Any]] = []

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any]:
        asked.append((request.headers["api-key"], json.loads(body)))
        return 200, {"result": {"points": [{"id": 1}, {"id": 2}]}}

    looked.around.environ = {"VECTORS_KEY": "hunter22"}
    with http_server(answer) as port:
        found = looked.one(over_http(port, secretRef="env:VECTORS_KEY", secretHeader="api-key"))
    assert found == ("ok", "2 found")
    assert asked == [("hunter22", {"query": [0.1, 0.2], "limit": 3})]


@pytest.mark.parametrize(
    ("status", "value", "said"),
    [
        (200, {"result": {"points": []}}, "finds 0 neighbours, and at least 1 must be there"),
        (200, {"result": {}}, "answers without a list at /result/points"),
        (200, "<html>", "answers without a list at /result/points"),
        (503, {}, "answers HTTP 503"),
    ],
)
def test_another_answer_is_an_alarm(looked: Round, status: int, value: Any, said: str) -> None:
    with http_server(lambda *_: (status, value)) as port:
        state, detail = looked.one(over_http(port))
    assert state == "alarm"
    assert said in detail
