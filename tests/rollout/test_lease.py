"""One deployment at a time, on each engine."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location
from mooring.state.processes import machine


@pytest.fixture
def location(everywhere: Location) -> Location:
    return everywhere


def test_the_second_is_told_who_holds_it_and_until_when(ledger: Ledger) -> None:
    lease.acquire(ledger, "local", "ann", "deploy")
    with pytest.raises(
        Refused, match=rf"local is locked by ann \(deploy, .*:{os.getpid()}:.*\) until \d\d:\d\d:\d\d UTC"
    ) as no:
        lease.acquire(ledger, "local", "bob", "deploy")
    assert no.value.reason is Reason.LOCKED
    assert lease.acquire(ledger, "staging", "bob", "deploy").token == 1


def test_tokens_only_grow(ledger: Ledger) -> None:
    first = lease.acquire(ledger, "local", "ann", "deploy")
    assert lease.release(ledger, first)
    second = lease.acquire(ledger, "local", "bob", "deploy")
    assert (first.token, second.token) == (1, 2)
    assert not lease.renew(ledger, first)
    assert not lease.release(ledger, first)
    held = lease.holder(ledger, "local")
    assert held
    assert held.actor == "bob"


def test_a_lease_that_ran_out_binds_nobody(ledger: Ledger, clock: Any) -> None:
    lease.acquire(ledger, "local", "ann", "deploy")
    clock.sleep(lease.TERM - 1)
    assert lease.holder(ledger, "local")
    clock.sleep(1)
    assert lease.holder(ledger, "local") is None
    assert lease.acquire(ledger, "local", "bob", "deploy").token == 2


def test_a_rollback_takes_over_but_not_from_another_rollback(ledger: Ledger) -> None:
    lease.acquire(ledger, "local", "ann", "deploy")
    assert lease.acquire(ledger, "local", "bob", "rollback").token == 2
    with pytest.raises(Refused, match="locked by bob"):
        lease.acquire(ledger, "local", "cem", "rollback")


PROCESS = """
import sys, time
from pathlib import Path
from mooring.errors import Refused
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location
ledger = Ledger(Location(Path(sys.argv[1]), "local", sys.argv[2] or None))
time.sleep(max(0, float(sys.argv[3]) - time.time()))
try:
    print(lease.acquire(ledger, "local", "ann", "deploy").token, flush=True)
except Refused as refused:
    print(refused.reason, flush=True)
sys.stdin.read()
"""


def process(location: Location, begin: float = 0.0) -> "subprocess.Popen[str]":
    """Another process, which takes the lease and lives until its input ends."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROCESS, str(location.state), location.reference or "", str(begin)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)


@pytest.mark.slow
def test_a_lease_whose_process_is_gone_binds_nobody(location: Location) -> None:
    process(location).communicate(timeout=60)
    ledger = Ledger(location)
    held = lease.read(ledger, "local")
    assert held
    assert held.until > time.time()
    assert lease.holder(ledger, "local") is None
    assert lease.acquire(ledger, "local", "bob", "deploy").token == 2
    ledger.close()


@pytest.mark.slow
@pytest.mark.parametrize("where", ["@other-boot:4026531836", "@{boot}:1", ""])
def test_a_process_that_cannot_be_seen_from_here_is_not_taken_for_dead(location: Location, where: str) -> None:
    """Another container, even of the same host name, and a process of a version that did not say where it is."""
    process(location).communicate(timeout=60)
    ledger = Ledger(location)
    held = lease.read(ledger, "local")
    assert held
    elsewhere = held.process + where.format(boot=machine().partition(":")[0])
    ledger.write(lambda statements: statements("update leases set owner = :owner", owner=elsewhere))
    assert lease.holder(ledger, "local")
    with pytest.raises(Refused, match="locked by ann"):
        lease.acquire(ledger, "local", "bob", "deploy")
    ledger.close()


@pytest.mark.slow
def test_of_processes_that_want_it_at_once_one_gets_it(location: Location) -> None:
    begin = time.time() + 2
    started = [process(location, begin) for _ in range(4)]
    told = [each.stdout.readline().strip() for each in started if each.stdout]
    for each in started:
        each.communicate(timeout=60)
    assert sorted(told) == ["1", "locked", "locked", "locked"]


def test_a_token_is_never_given_twice(location: Location) -> None:
    ledger = Ledger(location)
    tokens = []
    for _ in range(20):
        taken = lease.acquire(ledger, "local", "ann", "deploy")
        tokens.append(taken.token)
        lease.release(ledger, taken)
    assert tokens == list(range(1, 21))
    ledger.close()


@pytest.mark.slow
def test_a_renewal_keeps_it_and_gives_it_back(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TERM", 0.8)
    ledger = Ledger(location)
    taken = lease.acquire(ledger, "local", "ann", "deploy")
    with lease.Renewal(ledger, taken):
        time.sleep(1)
        assert lease.holder(ledger, "local")
    after = lease.read(ledger, "local")
    assert after
    assert after.until == 0
    ledger.close()


def test_a_renewal_notices_that_somebody_took_over(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TERM", 0.2)
    ledger = Ledger(location)
    taken = lease.acquire(ledger, "local", "ann", "deploy")
    with lease.Renewal(ledger, taken) as renewal:
        lease.acquire(ledger, "local", "bob", "rollback")
        end = time.monotonic() + 10
        while not renewal.lost and time.monotonic() < end:
            time.sleep(0.02)
        assert renewal.lost
    ledger.close()
