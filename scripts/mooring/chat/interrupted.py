"""What is known of a change whose process ended before it was over: the ledger has every step of a rollout."""

from itertools import islice
from typing import TYPE_CHECKING

from mooring.chat.actions.text import Text
from mooring.chat.alerts.events import rollouts
from mooring.chat.command import Language
from mooring.rollout import logbook

if TYPE_CHECKING:
    from mooring.rollout.ledger import Ledger

ROLLING = frozenset({"deploy rollback", "drill rollback"})
"""Commands whose steps are in the ledger."""

READ, SHOWN = 80, 3
EARLIER_SECONDS = 1.0
"""A clock's grain: nothing that was said before it happened."""

LEDGER = Text("By the ledger", "台账记录")
NOTHING = Text("no rollout has begun since then", "此后没有开始任何发布或回滚")


def known(ledger: "Ledger", environment: str, since: float, language: Language) -> tuple[tuple[str, str], ...]:
    """The rollouts that began since then, as facts of an answer. Raises MooringError."""
    entries = islice(ledger.backward(environment, READ), READ)
    found = logbook.newest(entries, SHOWN, since - EARLIER_SECONDS)[0]
    told = [incident.answer.title for incident in rollouts(environment, found, language)]
    return tuple((LEDGER(language), title) for title in told or [NOTHING(language)])
