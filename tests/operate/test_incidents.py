"""Incidents of vendors are made out of what an environment has measured."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from mooring import metrics as names
from mooring.operate.incidents import Incident, measured
from mooring.operate.monitor.sampler import Sampler
from mooring.operate.patrol.seen import State
from mooring.operate.records import Records
from mooring.spec import Model
from mooring.state.records import patrols
from mooring.state.records.patrols import Looked, Patrolled
from mooring.state.transactions import Transactions

MINUTE = 60.0
HOUR = 3600.0
COUNTED = f"{names.OPERATION_DURATION}_count"


def model(provider: str) -> Model:
    head = {"apiVersion": "mooring/v1", "kind": "Model", "name": f"{provider}/large", "version": "1.0.0"}
    about = {"description": "Knows much.", "owner": "@desk/desk", "provider": provider, "id": "large-1"}
    ends = {"apiType": "openai-chat", "baseUrl": "https://models.example/v1", "contextWindow": 8192}
    return Model.model_validate(head | about | ends | {"prices": {"inputPerMillion": 1, "outputPerMillion": 1}})


MODELS = {f"{provider}/large": model(provider) for provider in ("north", "south")}


@pytest.fixture
def database(database_url: str) -> Iterator[Transactions]:
    opened = Transactions(database_url)
    yield opened
    opened.close()


class Machine:
    """Samples what its agents' calls came to, once a minute, as the monitor of a machine does."""

    def __init__(self, folder: Path, name: str = "one") -> None:
        records = Records(folder, folder, "here")
        self.now, self.totals = 0.0, dict[tuple[str, tuple[tuple[str, str], ...]], float]()
        self.sampler = Sampler(records, name, lambda: None, lambda: self.now)

    def minute(self, **calls: int) -> None:
        """One more, with so many calls to `north` by how they ended; `fine` are those that were answered."""
        for error, times in calls.items():
            labels = {names.PROVIDER: "north", names.MODEL: "large-1", names.ERROR: "" if error == "fine" else error}
            key = COUNTED, tuple(sorted(labels.items()))
            self.totals[key] = self.totals.get(key, 0.0) + times
        self.now += MINUTE
        assert self.sampler.sample(self.totals)


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[tuple[Machine, Transactions]]:
    database = Transactions(f"sqlite:///{tmp_path / 'state.db'}")
    database.read(patrols.states)
    machine = Machine(tmp_path)
    machine.minute(fine=0, ModelServerError=0)
    yield machine, database
    database.close()


def looked(database: Transactions, looks: Sequence[tuple[float, str, str]], name: str = "models/north/large") -> None:
    """Patrols that looked at a model: (moment, state, detail)."""
    made = [Looked(name, at, state, 0.5, detail) for at, state, detail in looks]
    last = made[-1]
    row = Patrolled(name, "llm-echo", last.state, last.at, 0, last.at, last.state, 0.5, last.detail)
    kept = database.read(patrols.states)
    database.write(partial(patrols.write, now_in=[*kept, row], looks=made, before=0.0))


def told(incident: Incident) -> tuple[str, float, float, str, float]:
    return incident.vendor, incident.start, incident.end, incident.mode, incident.severity


def test_minutes_in_which_a_share_of_calls_failed_are_one_incident(counting: tuple[Machine, Transactions]) -> None:
    machine, database = counting
    machine.minute(fine=20)
    for _ in range(3):
        machine.minute(fine=12, ModelServerError=6, ModelRateLimitError=2)
    machine.minute(fine=20, ModelServerError=1)
    found = measured(database, MODELS, 0, machine.now)
    assert [told(one) for one in found.incidents] == [("north", 2 * MINUTE, 5 * MINUTE, "errors", 0.4)]
    assert found.looks == 6


def test_an_open_breaker_keeps_an_incident_open_and_says_nothing_about_its_severity(
    counting: tuple[Machine, Transactions],
) -> None:
    machine, database = counting
    machine.minute(fine=10, ModelRequestTimeout=10)
    for _ in range(10):
        machine.minute(BreakerOpen=18, ModelRequestTimeout=1, fine=1)
    machine.minute(fine=20)
    (one,) = measured(database, MODELS, 0, machine.now).incidents
    assert told(one) == ("north", MINUTE, 12 * MINUTE, "hang", 0.5)


def test_what_is_not_the_vendors_is_no_incident(counting: tuple[Machine, Transactions]) -> None:
    machine, database = counting
    machine.minute(fine=5, Unfit=10, ModelContextWindowExceededError=10, CancelledError=20)
    machine.minute(ModelServerError=3, fine=0)  # too few to tell
    assert measured(database, MODELS, 0, machine.now).incidents == ()


def test_a_time_in_which_nobody_counted_is_no_incident(counting: tuple[Machine, Transactions]) -> None:
    machine, database = counting
    machine.now += 5 * HOUR
    machine.minute(ModelServerError=100)
    assert measured(database, MODELS, 0, machine.now).incidents == ()


def test_a_look_that_was_an_alarm_holds_until_the_next_one(database: Transactions) -> None:
    host = "models.example"
    looks = [
        (1 * HOUR, "ok", ""),
        (2 * HOUR, "alarm", f"{host} refuses the key (HTTP 401)"),
        (2.25 * HOUR, "unknown", "no key"),
        (2.4 * HOUR, "alarm", f"{host} refuses the key (HTTP 401)"),
        (2.6 * HOUR, "ok", ""),
        (4 * HOUR, "alarm", ""),
        (9 * HOUR, "ok", ""),
        (10 * HOUR, "alarm", f"{host} does not know the model (HTTP 404)"),
    ]
    looked(database, looks)
    found = measured(database, MODELS, 0, 24 * HOUR)
    assert [told(one) for one in found.incidents] == [
        ("north", 2 * HOUR, 2.6 * HOUR, "auth", 1.0),
        ("north", 4 * HOUR, 4.5 * HOUR, "latency", 1.0),
    ]
    assert found.looks == len(looks)


@pytest.mark.parametrize(
    ("detail", "mode"),
    [
        ("models.example limits our calls (HTTP 429, rate_limit_exceeded)", "rate-limit"),
        ("models.example does not answer in JSON", "malformed"),
        ("models.example does not answer", "hang"),
        ("models.example gives an empty answer", "empty"),
        ("models.example fails (HTTP 503)", "errors"),
        ("models.example refuses connections", "refused"),
        ("models.example closed the connection without an answer", "cut"),
    ],
)
def test_what_a_look_says_is_how_the_vendor_failed(database: Transactions, detail: str, mode: str) -> None:
    looked(database, [(HOUR, "alarm", detail), (1.2 * HOUR, "ok", "")])
    (one,) = measured(database, MODELS, 0, 2 * HOUR).incidents
    assert (one.mode, one.end) == (mode, 1.2 * HOUR)


def test_vendors_have_incidents_of_their_own_in_order_of_their_start(database: Transactions) -> None:
    looked(database, [(2 * HOUR, "alarm", "x fails (HTTP 500)"), (2.1 * HOUR, "ok", "")], "models/south/large")
    looked(database, [(1 * HOUR, "alarm", "x fails (HTTP 500)"), (1.1 * HOUR, "ok", "")])
    looked(database, [(1 * HOUR, "alarm", "x fails (HTTP 500)")], "models/gone/large")
    found = measured(database, MODELS, 0, 3 * HOUR).incidents
    assert [(one.vendor, one.start) for one in found] == [("north", HOUR), ("south", 2 * HOUR)]


def test_what_was_counted_and_what_was_looked_at_are_one_incident(counting: tuple[Machine, Transactions]) -> None:
    machine, database = counting
    machine.minute(fine=5, ModelServerError=94)
    looked(database, [(1.5 * MINUTE, "alarm", "x fails (HTTP 500)"), (4 * MINUTE, "ok", "")])
    (one,) = measured(database, MODELS, 0, 10 * MINUTE).incidents
    assert told(one) == ("north", MINUTE, 4 * MINUTE, "errors", 0.95)


def test_only_the_time_that_was_asked_for_counts(database: Transactions) -> None:
    looked(database, [(HOUR, "alarm", "x fails (HTTP 500)"), (3 * HOUR, "alarm", "x fails (HTTP 500)")])
    (one,) = measured(database, MODELS, 2 * HOUR, 3.2 * HOUR).incidents
    assert (one.start, one.end) == (3 * HOUR, 3.2 * HOUR)
    assert measured(database, MODELS, 5 * HOUR, 6 * HOUR).looks == 0


def test_the_states_of_looks_are_those_of_patrols() -> None:
    from mooring.operate import incidents

    assert {incidents.ALARM, incidents.UNKNOWN} <= {str(state) for state in State}
