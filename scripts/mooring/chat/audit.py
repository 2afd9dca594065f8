"""Every command in the ledger, those that were refused too, and a bound on how many entries that makes."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mooring.errors import Failed, MooringError
from mooring.operate.records import Records
from mooring.outcome import Reason
from mooring.rollout import chatted
from mooring.rollout.chatted import Chatted

FEW = 3
"""Refusals of one caller that have an entry each in a minute; further ones are counted in one."""

MANY = 60
"""Entries of all callers in a minute, beside those of changes; further ones are counted together."""

MINUTE = 60.0

CALLERS = 100
"""Callers that are counted apart."""

TEXT = 300
"""Characters of a line that are kept."""

log = logging.getLogger("mooring.chat")


@dataclass
class _Counted:
    event: Chatted
    records: Records
    times: int


class Audit:
    """Of one door. Any thread may use it. What is counted is written by `flush`, a minute later."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since = 0.0
        self._each: dict[tuple[str, str], int] = {}
        self._all = 0
        self._counted: dict[tuple[str, str, str], _Counted] = {}

    def change(self, records: Records, event: Chatted) -> None:
        """Writes down what is about to change something, or did. Raises MooringError where it cannot be written."""
        ledger = records.ledger()
        if ledger is None:
            what = f"nothing is kept of {records.environment} yet"
            raise Failed(Reason.NOT_RUNNING, what, f"moor up {records.environment}")
        chatted.record(ledger, records.environment, _cut(event))

    def note(self, records: Records, event: Chatted) -> bool:
        """Writes down what changes nothing, or counts it; whether it has an entry of its own, or is to have none.

        What cannot be written is logged: a look is not worth more than that.
        """
        if not self._alone(records, event):
            return False
        self._write(records, event)
        return True

    def flush(self, *, all_of_it: bool = False) -> None:
        """Writes what was counted in minutes that are over, or all of it when the door closes."""
        with self._lock:
            if not all_of_it and self._clock() < self._since + MINUTE:
                return
            counted, self._counted = self._counted, {}
            self._each, self._all = {}, 0
        for each in counted.values():
            self._write(each.records, replace(each.event, times=each.times))

    def _alone(self, records: Records, event: Chatted) -> bool:
        now = self._clock()
        if now >= self._since + MINUTE:
            self.flush()
        with self._lock:
            if now >= self._since + MINUTE:
                self._since = now
            caller = event.platform, event.caller
            refused = event.decision == chatted.REFUSED
            said = self._each.get(caller, 0)
            if self._all < MANY and not (refused and said >= FEW):
                self._all += 1
                if refused:
                    self._each[caller] = said + 1
                return True
            self._count(records, event)
            return False

    def _count(self, records: Records, event: Chatted) -> None:
        key = event.platform, event.caller, event.decision
        if key not in self._counted and len(self._counted) >= CALLERS:
            key, event = ("", "", event.decision), replace(event, person="", platform="", caller="others", text="")
        known = self._counted.get(key)
        self._counted[key] = _Counted(event, records, known.times + 1 if known else 1)

    def _write(self, records: Records, event: Chatted) -> None:
        try:
            ledger = records.ledger()
            if ledger is not None:
                chatted.record(ledger, records.environment, _cut(event))
        except MooringError as error:
            log.warning("what was said is not in the ledger: %s", error)


def _cut(event: Chatted) -> Chatted:
    line = event.text.splitlines()[0] if event.text else ""
    return replace(event, text=line[:TEXT], caller=event.caller[:100])
