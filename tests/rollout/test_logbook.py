"""The log book tells each deployment, rollback, drift and proof once, with its end, its reason and its receipt."""

import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import Failed
from mooring.rollout import chatted, driver, lease, logbook, machine, notes
from mooring.rollout.ledger import Ledger
from mooring.rollout.logbook import Record
from mooring.rollout.notes import Noted
from mooring.rollout.patches import Hotfix, Patch, all_shown
from mooring.rollout.state import Kind, Requested
from tests.rollout.test_driver import Deploy, Make


@pytest.fixture
def deploy(target: Any, ledger: Ledger, clock: Any) -> Deploy:
    return Deploy(target, ledger, clock)


def book(ledger: Ledger, limit: int = 50, since: float = 0.0) -> list[Record]:
    return logbook.newest(ledger.backward("local", page=3), limit, since)[0]


def told(ledger: Ledger) -> list[tuple[str, str]]:
    return [(record.kind, record.outcome) for record in book(ledger)]


def test_a_deployment_is_one_record_with_its_receipt(deploy: Deploy, release: Make, ledger: Ledger) -> None:
    first = deploy(release(1), "c0ffee")
    [record] = book(ledger)
    assert (record.kind, record.outcome, record.actor) == ("deploy", "done", "ann")
    assert (record.slot, record.digest, record.previous, record.commit) == ("blue", first.digest, None, "c0ffee")
    assert (record.first, record.last, record.switch_ms) == (1, 6, 0.5)
    assert record.requests == {
        "received": 0, "answered": 0, "failed": 0, "abandoned": 0, "in_flight": 0, "lost": 0
    }  # fmt: skip
    assert record.end is not None
    assert record.end > record.start
    assert record.rollout
    assert not record.failed


def test_the_newest_is_the_first_and_a_rollback_says_where_it_came_from(
    deploy: Deploy, release: Make, ledger: Ledger
) -> None:
    deploy(release(1))
    deploy(release(2))
    deploy.back()
    deploy(release(1))
    assert told(ledger) == [("deploy", "no-op"), ("rollback", "done"), ("deploy", "done"), ("deploy", "done")]
    rollback = book(ledger)[1]
    assert (rollback.actor, rollback.previous, rollback.digest) == ("bob", release(2).digest, release(1).digest)


def test_what_failed_says_why_and_where_traffic_stayed(
    deploy: Deploy, release: Make, ledger: Ledger, target: Any, clock: Any
) -> None:
    deploy(release(1))
    target.broken.add(release(2).digest)
    with pytest.raises(Failed):
        deploy(release(2))
    clock.meanwhile = lambda: target.serve(18, failed=2)
    with pytest.raises(Failed):
        deploy(release(3))
    back, aborted, _ = book(ledger)
    assert (back.outcome, back.reason, back.detail) == ("taken-back", "bake-failed", back.detail)
    assert "2 of 20 requests failed" in back.detail
    assert (aborted.outcome, aborted.reason, aborted.switch_ms) == ("aborted", "deadline", None)
    assert back.failed
    assert aborted.failed
    assert back.requests


def test_a_first_release_that_fails_is_kept(
    deploy: Deploy, release: Make, ledger: Ledger, target: Any, clock: Any
) -> None:
    clock.meanwhile = lambda: target.serve(18, failed=2)
    with pytest.raises(Failed):
        deploy(release(1))
    assert told(ledger) == [("deploy", "kept")]


def test_a_deployment_that_another_process_finished_names_it_and_has_no_receipt(
    deploy: Deploy, release: Make, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(release(1))
    monkeypatch.setattr(driver.Driver, "run", killed_after(driver.Driver.run, 2))
    with pytest.raises(KeyboardInterrupt):
        deploy(release(2))
    monkeypatch.undo()
    assert told(ledger)[0] == ("deploy", "under-way")
    driver.recover(deploy.target, ledger, "supervisor", deploy.said.append, deploy.clock)
    record = book(ledger)[0]
    assert (record.outcome, record.hands, record.requests) == ("aborted", ("supervisor",), None)


def killed_after(run: Any, entries: int) -> Any:
    def dying(self: driver.Driver, state: Any, event: Any) -> Any:
        append, left = self.ledger.append, [entries]

        def counted(*args: Any) -> Any:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return append(*args)

        self.ledger.append = counted  # type: ignore[method-assign, assignment]
        try:
            return run(self, state, event)
        finally:
            self.ledger.append = append  # type: ignore[method-assign]

    return dying


def test_drift_is_a_record_of_its_own_and_does_not_end_anything(deploy: Deploy, release: Make, ledger: Ledger) -> None:
    deploy(release(1))
    assert notes.note(ledger, "local", "bot", Noted(5.0, notes.SEEN, ("model/a:x",)))
    assert notes.note(ledger, "local", "bot", Noted(6.0, notes.HEALED, ("model/a:x",)))
    deploy(release(2))
    assert told(ledger) == [("deploy", "done"), ("drift-healed", "done"), ("drift", "done"), ("deploy", "done")]
    assert book(ledger)[2].fields == ("model/a:x",)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_a_note_inside_a_rollout_does_not_cut_it(
    deploy: Deploy, release: Make, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    deploy(release(1))
    monkeypatch.setattr(driver.Driver, "run", killed_after(driver.Driver.run, 4))
    with pytest.raises(KeyboardInterrupt):
        deploy(release(2))
    monkeypatch.undo()
    for field in ("model/a:x", "model/a:y"):
        assert notes.note(ledger, "local", "bot", Noted(5.0, notes.SEEN, (field,)))
    driver.recover(deploy.target, ledger, "supervisor", deploy.said.append, deploy.clock)
    whole = [record.kind for record in book(ledger)]
    assert whole == ["deploy", "drift", "drift", "deploy"]
    found, entries = logbook.newest(ledger.backward("local", page=2), limit)
    assert [record.kind for record in found] == whole[:limit]
    assert entries


def test_a_rollout_whose_beginning_was_not_read_is_no_correction(deploy: Deploy, release: Make, ledger: Ledger) -> None:
    deploy(release(1))
    deploy(release(2))
    entries = list(ledger.backward("local"))
    middle = next(number for number, entry in enumerate(entries) if entry.event["event"] == "staged")
    for cut in range(1, middle + 2):
        assert list(logbook.records(reversed(entries[:cut]))) == []


def test_traffic_that_was_found_elsewhere_is_a_record(
    deploy: Deploy, release: Make, ledger: Ledger, target: Any
) -> None:
    deploy(release(1))
    deploy(release(2))
    target.live = "blue"
    driver.recover(target, ledger, "supervisor", deploy.said.append, deploy.clock)
    record = book(ledger)[0]
    assert (record.kind, record.slot, record.previous) == ("corrected", "blue", release(2).digest)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_is_read_than_is_asked_for_and_each_record_is_whole(
    deploy: Deploy, release: Make, ledger: Ledger, limit: int
) -> None:
    for number in (1, 2, 3, 4):
        deploy(release(number))
    found, entries = logbook.newest(ledger.backward("local", page=2), limit)
    assert len(found) == limit
    assert all(record.outcome == "done" and record.requests is not None for record in found)
    assert [entry.seq for entry in entries] == list(range(found[0].last, found[-1].first - 1, -1))


def test_since_a_time_counts_from_the_beginning_of_each(
    deploy: Deploy, release: Make, ledger: Ledger, clock: Any
) -> None:
    deploy(release(1))
    clock.time += 1000
    middle = clock.now()
    deploy(release(2))
    assert [record.digest for record in book(ledger, since=middle)] == [release(2).digest]
    assert book(ledger, since=clock.now() + 1) == []


def test_what_looks_like_a_secret_in_a_hotfix_is_told_to_nobody(deploy: Deploy, release: Make, ledger: Ledger) -> None:
    deploy(release(1))
    secret = f"sk-{'a1B2' * 8}"
    patch = Patch("model", "a", {"options.x": 0.5, "headers.y": {"z": secret}}, "ann", "why", 1.0, 2.0)
    held = lease.acquire(ledger, "local", "ann", "hotfix")
    fix = Hotfix("sha256:new", release(1).digest, (patch,))
    asked = Requested(5.0, Kind.HOTFIX, "sha256:new", hotfix=fix, deadline=60, bake_seconds=1)
    entry = ledger.append("local", held.token, "ann", asked, machine.step(ledger.state("local"), asked)[0])
    told = book(ledger)[0].hotfix
    assert told is not None
    assert told["values"] == {"options.x": 0.5, "headers.y": '{"z": "[secret]"}'}
    assert secret in json.dumps(entry.event), "the ledger itself has it: what is live is made of it"
    for part in (entry.event, entry.state):
        assert secret not in json.dumps(all_shown(part))
        assert all_shown(part).keys() == part.keys()


def test_an_empty_ledger_is_an_empty_book(ledger: Ledger) -> None:
    assert logbook.newest(ledger.backward("local"), 5) == ([], [])


def test_what_was_said_by_chat_to_change_something_is_one_record_with_its_end(ledger: Ledger, clock: Any) -> None:
    for decision, changes in (("asked", True), ("started", True), ("done", True), ("done", False), ("refused", True)):
        said = chatted.Chatted(clock.now(), "ann", "slack", "U1", "/deploy rollback", decision, seconds=2.0)
        chatted.record(ledger, "local", replace(said, changes=changes))
    found = list(logbook.chat(chatted.newest(ledger, "local")))
    assert [(record.kind, record.outcome, record.actor) for record in found] == [
        ("chat", "refused", "ann"),
        ("chat", "done", "ann"),
    ]
    assert found[0].end == found[0].start + 2
    assert told(ledger) == []


def test_chat_has_a_chain_of_its_own_and_both_are_verified(
    deploy: Deploy, release: Make, ledger: Ledger, clock: Any
) -> None:
    deploy(release(1))
    before = ledger.entries(1, "local")
    chatted.record(ledger, "local", chatted.Chatted(clock.now(), "", "slack", "U9", "/help", "refused"))
    assert ledger.entries(1, "local") == before
    assert ledger.state("local").live is not None
    assert ledger.verify() == len(ledger.entries(100, "local")) + 1
