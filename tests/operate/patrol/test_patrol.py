"""All checks at once, each with its own time; what was seen is kept, and no secret is in it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mooring.operate.patrol import textfile
from mooring.operate.patrol.figures import STATES
from mooring.operate.patrol.keeping import keep, known, local, row
from mooring.operate.patrol.looks import disk
from mooring.operate.patrol.patrol import longest, patrol
from mooring.operate.patrol.surroundings import LONGEST, Surroundings
from mooring.operate.patrol.table import KINDS
from mooring.spec.patrol import Check
from mooring.state.records import patrols
from mooring.state.transactions import Transactions
from tests.operate.patrol.conftest import Round, document
from tests.operate.patrol.proxy import closed, http_server, silent
from tests.runtime.sample import sample

DAY = 86400.0


def test_the_table_has_every_kind_that_a_document_may_name() -> None:
    union, _ = get_args(Check)
    kinds = {word for model in get_args(union) for word in get_args(model.model_fields["kind"].annotation)}
    assert kinds == set(KINDS)


def test_all_checks_are_made_at_once(looked: Round) -> None:
    together = threading.Barrier(50)

    def answer(*_: Any) -> tuple[int, Any]:
        together.wait(60)  # nobody is answered before all have asked
        return 200, ""

    with http_server(answer) as port:
        url = f"http://127.0.0.1:{port}/"
        limits = {"okBelowSeconds": 60, "alarmAboveSeconds": 60, "timeoutSeconds": 60}
        found = looked(*({"kind": "http", "name": f"c{number}", "url": url, **limits} for number in range(50)))
    assert {each.standing.state for each in found} == {"ok"}


def test_checks_that_block_hold_nobody_up_and_are_not_waited_for(
    looked: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def stuck(_: Path) -> None:
        released.wait(60)

    monkeypatch.setattr(disk, "measure", stuck)
    checks = [{"kind": "disk", "name": f"d{number}", "timeoutSeconds": 0.2} for number in range(20)]
    started = time.monotonic()
    found = looked(*checks, {"kind": "sql", "name": "state"})
    released.set()
    assert time.monotonic() - started < 30
    assert [each.standing.state for each in found] == ["alarm"] * 20 + ["ok"]
    assert {each.last.detail for each in found[:20]} == {"no answer within 0.2 s"}


def test_a_look_that_breaks_is_unknown_and_the_others_go_on(looked: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(disk, "measure", broken)
    first, second = looked({"kind": "disk", "name": "disk"}, {"kind": "sql", "name": "state"})
    assert (first.last.state, first.last.detail) == ("unknown", "the look itself failed: ZeroDivisionError: oops")
    assert second.last.state == "ok"


def test_only_checks_of_the_environment_are_made(looked: Round) -> None:
    with silent() as port:
        tcp = {"kind": "tcp", "address": f"127.0.0.1:{port}"}
        found = looked(
            {**tcp, "name": "here", "environments": ["local"]}, {**tcp, "name": "there", "environments": ["production"]}
        )
    assert [each.last.check for each in found] == ["here"]


def test_a_check_may_have_rules_of_its_own(looked: Round) -> None:
    tcp = {"kind": "tcp", "address": f"127.0.0.1:{closed()}"}
    patient, hasty = looked({**tcp, "name": "patient", "failures": 4}, {**tcp, "name": "hasty", "failures": 1})
    assert (len(patient.looks), len(hasty.looks)) == (4, 1)
    assert longest(document({**tcp, "name": "patient", "failures": 4})) == 4


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=9, max_size=40)


@pytest.mark.slow
@given(SECRET, st.text(max_size=40))
def test_no_secret_that_a_look_has_read_is_in_a_detail(secret: str, around_it: str) -> None:
    quoted = quote(secret, safe="")
    url = f"redis://ann:{quoted}@127.0.0.1:1"
    surroundings = Surroundings(sample().content, Path("/"), {"URL": url, "KEY": secret}, 0.0)
    for name in ("URL", "KEY"):
        surroundings.secret(f"env:{name}")
    said = surroundings.plain(f"{around_it}{secret} and {url}, {quoted}")
    assert not any(text in said for text in (secret, quoted, url))
    assert len(said) <= LONGEST
    assert "\n" not in said


@pytest.fixture
def kept(database_url: str) -> Iterator[Transactions]:
    database = Transactions(database_url)
    yield database
    database.close()


def test_what_was_seen_is_kept_judged_with_what_comes_and_pruned(kept: Transactions, looked: Round) -> None:
    port, refuses = closed(), {"kind": "tcp", "name": "mail"}
    checks = document({**refuses, "address": f"127.0.0.1:{port}"}, {"kind": "sql", "name": "state"}, keepDays=2)

    def round_(document: Any, now: float) -> dict[str, str]:
        before = kept.read(lambda connection: known(connection, longest(document)))
        found = patrol(document, replace(looked.around), before, lambda: now)
        kept.write(partial(keep, checked=found, keep_days=document.keep_days, now=now))
        return {one.check: one.state for one in kept.read(patrols.states)}

    assert round_(checks, 1000.0) == {"mail": "alarm", "state": "ok"}
    assert round_(checks, 1900.0) == {"mail": "alarm", "state": "ok"}
    mail, _ = kept.read(patrols.states)
    assert (mail.since, mail.seen, mail.found, mail.contrary) == (1000.0, 1900.0, "alarm", 0)
    assert "refuses connections" in mail.detail
    with silent() as other:
        well = document({**refuses, "address": f"127.0.0.1:{other}"}, {"kind": "sql", "name": "state"}, keepDays=2)
        assert round_(well, 2800.0)["mail"] == "alarm"
        assert kept.read(patrols.states)[0].contrary == 1
        assert round_(well, 3700.0)["mail"] == "ok"
    looks = kept.read(lambda connection: patrols.history(connection, 10))
    assert [(look.at, look.state) for look in looks["mail"]] == [
        (1000.0, "alarm"), (1900.0, "alarm"), (2800.0, "ok"), (3700.0, "ok")
    ]  # fmt: skip
    assert [look.at for look in kept.read(lambda connection: patrols.history(connection, 2))["mail"]] == [2800, 3700]
    alone = document({"kind": "sql", "name": "state"}, keepDays=2)
    assert round_(alone, 2000.0 + 2 * DAY) == {"state": "ok"}
    looks = kept.read(lambda connection: patrols.history(connection, 10))
    assert [look.at for look in looks["state"]] == [2800.0, 3700.0, 2000.0 + 2 * DAY]


@pytest.mark.parametrize(
    ("port", "valid"), [(0, False), (1, True), (9999, True), (65535, True), (65536, False), (99999, False)]
)
def test_an_address_has_a_port_that_there_is(port: int, valid: bool) -> None:
    for host in ("mail.example", "[::1]"):
        check = {"kind": "tcp", "name": "mail", "address": f"{host}:{port}"}
        with nullcontext() if valid else pytest.raises(ValidationError):
            document(check)


def test_what_is_known_of_cases_stays_while_their_suites_cannot_be_loaded(kept: Transactions, looked: Round) -> None:
    def put(unlisted: Sequence[str], *names: str) -> list[tuple[str, str]]:
        seen = [patrols.Patrolled(name, "canary", "alarm", 1.0, 0, 1.0, "alarm", 1.0, "", "known") for name in names]
        kept.write(partial(patrols.write, now_in=seen, looks=[], before=0.0, unlisted=unlisted))
        return [(one.check, one.note) for one in kept.read(patrols.states)]

    cases = ("agents/smoke/a", "agents/smoke/b", "agents2/smoke/a", "gone")
    assert [name for name, _ in put((), *cases)] == list(cases)
    left = put(("agents",), "agents")
    assert left == [("agents", "known"), ("agents/smoke/a", "known"), ("agents/smoke/b", "known")]
    assert put((), "agents/smoke/a") == [("agents/smoke/a", "known")]


def test_machines_that_share_a_database_keep_what_each_saw_of_itself(kept: Transactions, looked: Round) -> None:
    shared = {"kind": "sql", "name": "state"}
    full = document({"kind": "disk", "name": "disk", "okBelowRatio": 1e-9, "alarmAboveRatio": 2e-9}, shared, keepDays=2)
    free = document({"kind": "disk", "name": "disk", "okBelowRatio": 5, "alarmAboveRatio": 6}, shared, keepDays=2)

    def round_(document: Any, machine: str, now: float) -> dict[str, str]:
        own = local(document.of("local"))
        before = kept.read(lambda connection: known(connection, longest(document), machine, own))
        assert set(before) <= {"disk", "state"}
        found = patrol(document, replace(looked.around), before, lambda: now)
        kept.write(partial(keep, checked=found, keep_days=document.keep_days, now=now, machine=machine, own=own))
        return {one.check: one.state for one in kept.read(patrols.states)}

    round_(full, "a:/state", 1000.0)
    both = {"disk@a:/state": "alarm", "disk@b:/state_": "ok", "state": "ok"}
    assert round_(free, "b:/state_", 1100.0) == both
    assert round_(full, "a:/state", 1200.0) == both
    first, _, state = kept.read(patrols.states)
    assert (first.since, state.seen) == (1000.0, 1200.0)
    gone = round_(full, "a:/state", 1200.0 + 2 * DAY)
    assert gone == {"disk@a:/state": "alarm", "state": "ok"}, "a machine that nobody has seen for as long is no more"


def test_what_an_earlier_version_saw_of_a_machine_is_where_its_check_stands(kept: Transactions) -> None:
    seen = patrols.Patrolled("disk", "disk", "alarm", 1.0, 0, 1.0, "alarm", 1.0, "")
    kept.write(partial(patrols.write, now_in=[seen], looks=[], before=0.0))
    found = kept.read(lambda connection: known(connection, 5, "a:/state", {"disk"}))
    standing = found["disk"].standing
    assert standing is not None
    assert (standing.state, standing.since) == ("alarm", 1.0)


def test_a_door_is_of_its_machine_and_an_address_is_not() -> None:
    checks = document(
        {"kind": "http", "name": "door"},
        {"kind": "http", "name": "site", "url": "https://site.example"},
        {"kind": "http", "name": "shop", "service": "shop"},
        {"kind": "disk", "name": "disk"},
        {"kind": "tls-expiry", "name": "certificate", "address": "site.example:443"},
    )
    assert local(checks.checks) == {"door", "disk", "certificate"}


def test_a_note_is_about_the_state_that_it_was_found_in(kept: Transactions) -> None:
    seen = patrols.Patrolled("agents/a", "canary", "alarm", 1234.5678, 0, 1300.0, "alarm", 1.0, "")
    kept.write(partial(patrols.write, now_in=[seen], looks=[], before=0.0))
    kept.write(partial(patrols.annotate, check="agents/a", since=1000.0, note="another alarm"))
    assert kept.read(patrols.states)[0].note == ""
    kept.write(partial(patrols.annotate, check="agents/a", since=1234.5678, note="this one"))
    assert kept.read(patrols.states) == [replace(seen, note="this one")]


def test_the_textfile_is_what_prometheus_reads(looked: Round, tmp_path: Path) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    found = looked(
        {"kind": "sql", "name": "state"}, {"kind": "tcp", "name": "mail", "address": f"127.0.0.1:{closed()}"}
    )
    file = tmp_path / "local.prom"
    textfile.write(file, "local", [row(each) for each in found], 1234.0)
    families = {family.name: family for family in text_string_to_metric_families(file.read_text())}
    states = {sample.labels["check"]: sample.value for sample in families["mooring_patrol_state"].samples}
    assert states == {"state": STATES["ok"], "mail": STATES["alarm"]}
    labels = {"environment": "local", "check": "mail", "kind": "tcp"}
    assert labels in [sample.labels for sample in families["mooring_patrol_seconds"].samples]
    assert families["mooring_patrol_last_run_timestamp_seconds"].samples[0].value == 1234.0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("local.prom")] == ["local.prom"]


def test_a_redirecting_server_is_asked_as_often_as_it_takes_and_no_more(looked: Round) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, Any]:
        asked.append(request.command)
        return 500, ""

    with http_server(answer) as port:
        check = {"kind": "http", "name": "it", "url": f"http://127.0.0.1:{port}/"}
        looked(check)
        assert len(asked) == 2
        looked(check)
    assert len(asked) == 3
