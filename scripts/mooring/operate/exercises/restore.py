"""The machine is lost with all its files: the state is restored from its copies, and a conversation goes on."""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyrage

from mooring.catalog.formats import CURRENT
from mooring.errors import Failed
from mooring.operate.exercises.client import Client
from mooring.operate.exercises.documents import edit
from mooring.operate.exercises.leftovers import VARIABLE, carrying
from mooring.operate.exercises.outcome import Check, Exercised
from mooring.operate.exercises.scratch import ACTOR, Scratch
from mooring.operate.export.restore import choose, restore
from mooring.operate.export.seal import Opener
from mooring.operate.export.source import Source
from mooring.outcome import Reason
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import locate
from mooring.state.records import changes

EXPORT, KEY, COPIES = "live-drill", "live-drill.key", "copies"
TURNS = 3
"""Turns of the conversation before the copy; one more comes after it, and is in the stream alone."""

RTO_SECONDS = 120.0
"""From the loss to an answer in the conversation."""

COPIED_SECONDS = 60.0
"""Within which the exporter must have made its first copy."""


def exported(root: Path, _state: Path) -> None:
    """Has the copy export its state, encrypted, to a folder beside it."""
    key = pyrage.x25519.Identity.generate()
    (root.parent / KEY).write_text(str(key))
    document = {
        "apiVersion": CURRENT,
        "kind": "Export",
        "name": EXPORT,
        "version": "1.0.0",
        "description": "Copies of a live drill.",
        "owner": "@mooring",
        "destination": {"url": (root.parent / COPIES).as_uri()},
        "encryption": {"recipients": [str(key.to_public())]},
    }
    (root / "configs" / "operations").mkdir(parents=True, exist_ok=True)
    (root / "configs" / "operations" / f"{EXPORT}.yaml").write_text(json.dumps(document))
    for path in (root / "configs" / "environments").rglob("*.yaml"):
        name = path.relative_to(root / "configs" / "environments").with_suffix("").as_posix()
        edit(root, name, lambda said: {**said, "export": EXPORT})


def exercise(scratch: Scratch) -> Exercised:
    """Raises Failed when there is no copy in time, and what a restore raises."""
    agent = scratch.release.content.environment.rollout.probes[0]
    with _source(scratch) as source:
        for _ in range(TURNS):
            _turn(scratch.url, agent.agent, agent.say)
        scratch.notify("waiting for the first copy")
        scratch.wait(lambda: source.read(lambda one: changes.known(one, "copy")), "there is no copy", COPIED_SECONDS)
        _turn(scratch.url, agent.agent, agent.say)
        said = time.monotonic()
        scratch.wait(lambda: not source.read(changes.waiting), "the stream is behind", COPIED_SECONDS)
        rpo = time.monotonic() - said
    _lose(scratch)
    lost = time.monotonic()
    with _source(scratch) as source:
        chosen, opener = choose(source.destination), Opener((scratch.root.parent / KEY).read_text())
        with source.scratch() as folder:
            rows = restore(source.destination, chosen, source.address, folder, opener, scratch.notify)
    with closing(_served(scratch)):
        kept = Client(scratch.url).send("GET", "/conversations/live-drill").body
        went_on = _turn(scratch.url, agent.agent, agent.say)
        rto = time.monotonic() - lost
    return _judged(kept, went_on, sum(table["rows"] for table in rows.values()), rpo, rto)


@contextmanager
def _source(scratch: Scratch) -> Iterator[Source]:
    environment, document = scratch.release.content.environment, scratch.release.content.exports[EXPORT]
    address = locate(scratch.root, environment, scratch.state).found(os.environ)
    with closing(Source(environment.name, address, document, scratch.state)) as source:
        yield source


def _turn(url: str, agent: str, say: str) -> int:
    """One turn of the conversation; the status of the answer."""
    body = {"model": agent, "messages": [{"role": "user", "content": say}], "metadata": {"conversation": "live-drill"}}
    return Client(url).send("POST", "/v1/chat/completions", body).status


def _lose(scratch: Scratch) -> None:
    """Kills every process of the copy, and removes all its state."""
    scratch.notify("losing the machine: all processes and all files")
    while found := list(carrying(os.environ[VARIABLE])):
        for process in found:
            process.kill()
        time.sleep(0.1)
    scratch.ledger.close()
    shutil.rmtree(scratch.state)
    scratch.state.mkdir(mode=0o700)


def _served(scratch: Scratch) -> Ledger:
    """Serves the release again, as `moor up` does; the ledger that was restored."""
    scratch.notify("serving what was restored")
    scratch.target.ensure()
    ledger = Ledger.of(scratch.root, scratch.release.content.environment, scratch.state, os.environ)
    driver.deploy(scratch.target, ledger, driver.Request(scratch.release, ACTOR), lambda _line: None)
    if scratch.target.facts().live is None:
        raise Failed(Reason.PROCESS, "nothing is live after the restore")
    return ledger


def _judged(kept: Mapping[str, Any], went_on: int, rows: int, rpo: float, rto: float) -> Exercised:
    turns = int(kept.get("turns") or 0)
    wanted = TURNS + 1
    checks = (
        Check("the conversation", "is there with its last turn", f"{turns} of {wanted} turns", turns == wanted),
        Check("the conversation", "goes on", f"the next turn was answered with {went_on}", went_on == 200),
        Check("after the loss", f"answers within {RTO_SECONDS:g} s", f"{rto:.1f} s", rto < RTO_SECONDS),
    )
    figures = {"rto": round(rto, 2), "rpo": round(rpo, 2), "rows": rows, "turns": turns}
    return Exercised("restore", checks, f"RPO {rpo:.1f} s, RTO {rto:.1f} s, {rows:,} rows", figures)
