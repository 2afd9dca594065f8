"""One deployment at a time."""

import os
import subprocess
import sys
import time

import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger

NOW = time.time()


def test_the_second_is_told_who_holds_it_and_until_when(ledger: Ledger) -> None:
    lease.acquire(ledger, "local", "ann", "deploy", NOW)
    with pytest.raises(
        Refused, match=rf"local is locked by ann \(deploy, .*:{os.getpid()}:.*\) until \d\d:\d\d:\d\d UTC"
    ) as no:
        lease.acquire(ledger, "local", "bob", "deploy", NOW + 1)
    assert no.value.reason is Reason.LOCKED
    assert lease.acquire(ledger, "staging", "bob", "deploy", NOW).token == 1


def test_tokens_only_grow(ledger: Ledger) -> None:
    first = lease.acquire(ledger, "local", "ann", "deploy", NOW)
    assert lease.renew(ledger, first, 0)
    second = lease.acquire(ledger, "local", "bob", "deploy", NOW)
    assert (first.token, second.token) == (1, 2)
    assert not lease.renew(ledger, first, NOW + 100)


def test_a_lease_that_ran_out_binds_nobody(ledger: Ledger) -> None:
    lease.acquire(ledger, "local", "ann", "deploy", NOW)
    assert lease.acquire(ledger, "local", "bob", "deploy", NOW + lease.TERM + 1).token == 2


def test_a_rollback_takes_over_but_not_from_another_rollback(ledger: Ledger) -> None:
    lease.acquire(ledger, "local", "ann", "deploy", NOW)
    assert lease.acquire(ledger, "local", "bob", "rollback", NOW).token == 2
    with pytest.raises(Refused, match="locked by bob"):
        lease.acquire(ledger, "local", "cem", "rollback", NOW)


def test_a_lease_whose_process_is_gone_binds_nobody(ledger: Ledger) -> None:
    code = f"""
from pathlib import Path
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
lease.acquire(Ledger(Path({str(ledger.path)!r})), "local", "ann", "deploy", {NOW})
"""
    path = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
    held = lease.read(ledger, "local")
    assert held is not None
    assert not held.held(NOW + 1)
    assert lease.acquire(ledger, "local", "bob", "deploy", NOW + 1).token == 2


def test_a_renewal_keeps_it_and_gives_it_back(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TERM", 0.8)
    taken = lease.acquire(ledger, "local", "ann", "deploy", time.time())
    with lease.Renewal(ledger, taken):
        time.sleep(1)
        held = lease.read(ledger, "local")
        assert held is not None
        assert held.held(time.time())
    after = lease.read(ledger, "local")
    assert after is not None
    assert after.until == 0


def test_a_renewal_notices_that_somebody_took_over(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TERM", 0.2)
    taken = lease.acquire(ledger, "local", "ann", "deploy", time.time())
    with lease.Renewal(ledger, taken) as renewal:
        lease.acquire(ledger, "local", "bob", "rollback", time.time())
        end = time.monotonic() + 10
        while not renewal.lost and time.monotonic() < end:
            time.sleep(0.02)
        assert renewal.lost
