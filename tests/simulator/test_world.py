"""What service documents may say, and what is refused about them, all at once and with its line."""

import json
import shutil
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.errors import FindingsError
from mooring.simulator.check import findings
from mooring.simulator.services.database import Database
from mooring.simulator.services.server import create_service
from mooring.simulator.services.world import read
from mooring.spec import Environment
from tests.repository import CONTENT

PARCELS = """
    description: Parcels.
    tables:
      parcels:
        key: id
        records:
          - {id: P-1, weight: 2, sent: 3}
          - {id: P-2, weight: 9, sent: null}
    views:
      parcel:
        of: parcel
        fields: {id: parcel.id, sentOn: day(parcel.sent), heavy: parcel.weight > 5}
    routes:
      - path: /parcels
        answer: {parcels: "view('parcel', rows('parcels'))"}
      - path: /parcels
        method: POST
        input: {type: object, required: [weight], properties: {weight: {type: number}, id: {type: string}}}
        refuse:
          - {when: weight > 30, status: 409, code: too-heavy, message: "{{ weight }} kg is too heavy."}
        insert: {into: parcels, record: {id: id or 'P-' ~ (100 + number), weight: weight, sent: 0}}
        answer: {id: id or 'P-' ~ (100 + number)}
      - path: /sum
        input: {type: object, properties: {least: {type: integer, default: 0}, all: {type: boolean}}}
        answer: {least: least, all: all}
      - path: /broken
        answer: 1 // 0
"""


def written(folder: Path, text: str, name: str = "parcels") -> Path:
    file = folder / "services" / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text).lstrip())
    return folder


@pytest.fixture
def parcels(tmp_path: Path) -> TestClient:
    database = Database(tmp_path / "services.db")
    database.prepare()
    service = read(written(tmp_path, PARCELS))["parcels"]
    return TestClient(create_service("parcels", service, database, lambda: datetime(2026, 3, 5, tzinfo=UTC)))


def test_a_service_is_its_document(parcels: TestClient) -> None:
    made = parcels.post("/parcels", json={"weight": 7})
    assert (made.status_code, made.json()) == (201, {"id": "P-101"})
    assert parcels.get("/parcels").json()["parcels"] == [
        {"id": "P-1", "sentOn": "2026-03-02", "heavy": False},
        {"id": "P-2", "sentOn": None, "heavy": True},
        {"id": "P-101", "sentOn": "2026-03-05", "heavy": True},
    ]


def test_a_refusal_inserts_nothing(parcels: TestClient) -> None:
    refused = parcels.post("/parcels", json={"weight": 31})
    assert (refused.status_code, refused.json()["error"]["message"]) == (409, "31 kg is too heavy.")
    assert len(parcels.get("/parcels").json()["parcels"]) == 2


@pytest.mark.parametrize("key", ["P-1", "P-7"])
def test_no_two_records_share_a_key(parcels: TestClient, key: str) -> None:
    codes = [parcels.post("/parcels", json={"weight": 1, "id": key}).status_code for _ in range(2)]
    assert codes == ([409, 409] if key == "P-1" else [201, 409])


def test_the_query_has_the_types_of_its_schema(parcels: TestClient) -> None:
    assert parcels.get("/sum", params={"least": "3", "all": "true"}).json() == {"least": 3, "all": True}
    assert parcels.get("/sum").json() == {"least": 0, "all": None}
    assert parcels.get("/sum", params={"least": "x"}).status_code == 422


def test_an_expression_that_fails_says_so(parcels: TestClient) -> None:
    answer = parcels.get("/broken")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "broken-service")


WRONG = """
    description: Wrong in many places.
    tables: {things: {records: [{id: 1}]}}
    views:
      thing: {of: thing, fields: {name: thng.name}}
    routes:
      - path: /a
        answer: rows(
      - path: /b/{id}
        insert: {into: thngs, record: {}}
        method: POST
        answer: idd
      - path: /c
        answer: {}
        insert: {into: things, record: {}}
"""


def refused(folder: Path) -> list[tuple[int, str]]:
    with pytest.raises(FindingsError) as raised:
        read(folder)
    return [(one.line, one.message) for one in raised.value.findings]


def test_what_is_wrong_in_itself_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    found = refused(written(tmp_path, WRONG))
    assert [line for line, _ in found] == [7, 12]
    assert "no template" in found[0][1]
    assert found[1][1] == "a GET cannot insert"


def test_names_that_nothing_gives_are_said_with_the_nearest(tmp_path: Path) -> None:
    found = refused(written(tmp_path, WRONG.replace("rows(", "rows('things')").split("      - path: /c")[0]))
    assert [line for line, _ in found] == [4, 9, 11]
    assert found[0][1] == "nothing gives the variable 'thng'; did you mean 'thing'?"
    assert "'thngs'" in found[1][1]
    assert "'idd'" in found[2][1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("description: No interface.\n", "either `routes` or `tools`"),
        ("description: x\ntables: {t: {key: id, records: [{id: 1}, {id: 1}]}}\nroutes: []\n", "share"),
        ("description: x\nroutes: [{path: a, answer: 1}]\n", "pattern"),
        ("description: x\nroutes: [{path: /a, answer: 1, input: {type: 7}}]\n", "no JSON Schema"),
        ("description: x\nrouts: []\n", "unknown key 'routs'"),
    ],
)
def test_each_mistake_has_its_words(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in message for _, message in refused(written(tmp_path, text)))


def test_a_world_without_services_is_one(tmp_path: Path) -> None:
    assert read(tmp_path) == {}


@pytest.mark.slow
def test_an_mcp_service_lists_its_tools(start: Callable[..., str], tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    model = "models: [{provider: p, ids: [m]}]"
    (rules / "0.yaml").write_text(f"description: x\n{model}\nrules: [{{id: a, reply: {{content: {{en: hi}}}}}}]\n")
    written(
        rules,
        """
        description: Notes.
        tables: {notes: {records: [{text: milk}]}}
        tools:
          - {name: notes, description: Every note., answer: {notes: rows('notes')}}
        """,
        "notes",
    )
    url = start(rules=rules)
    called = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "notes"}}
    result = httpx2.post(f"{url}/services/notes", json=called).json()["result"]
    assert result["structuredContent"] == {"notes": [{"text": "milk"}]} == json.loads(result["content"][0]["text"])
    fault = httpx2.post(f"{url}/faults", json={"kind": "hang", "service": "shop"})
    assert (fault.status_code, fault.json()["error"]["message"]) == (422, "service: no service shop (there are: notes)")


def test_validate_finds_what_the_simulator_would_refuse(content_copy: Path) -> None:
    written(content_copy / "evals/simulator", "description: No interface.\n", "shop")
    found = findings(content_copy, {})
    assert [(one.file, one.check) for one in found] == [("evals/simulator/services/shop.yaml", "simulator-services")]


def test_an_environment_that_takes_a_missing_service_for_simulated_is_told(content_copy: Path) -> None:
    environments = load(WorkTree(content_copy))[0].all(Environment)
    (content_copy / "evals/simulator/services/shop.yaml").unlink()
    found = findings(content_copy, {"configs/environments/local.yaml": environments["local"]})
    assert [(one.path, one.message) for one in found] == [
        ("services.shop", "the simulated world has no service 'shop'")
    ]


def test_no_rules_are_needed_where_models_are_simulated(content_copy: Path) -> None:
    environments = load(WorkTree(content_copy))[0].all(Environment)
    for rules in (content_copy / "evals/simulator").glob("*.yaml"):
        rules.unlink()
    assert findings(content_copy, {"configs/environments/local.yaml": environments["local"]}) == []


@pytest.fixture
def content_copy(tmp_path: Path) -> Path:
    shutil.copytree(CONTENT, tmp_path / "content")
    return tmp_path / "content"
