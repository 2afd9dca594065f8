"""Plans that wait for people: told with a button that approves exactly this plan, and changed when somebody has."""

from collections.abc import Callable, Iterable, Iterator

from mooring.chat.actions.text import moment
from mooring.chat.alerts import words
from mooring.chat.alerts.incident import Incident
from mooring.chat.answer import Answer, Button, Stage
from mooring.chat.command import Command, Language
from mooring.rollout.actions import short
from mooring.rollout.approvals import Waiting

VALID_SECONDS = 7 * 86400.0
"""For which a button may be pressed."""

COMMAND = "deploy approve"

Offer = Callable[[Command, float], str]
"""Makes the token of a button that says a command until a time."""


def incidents(
    environment: str,
    waiting: Iterable[Waiting],
    buttons: Callable[[str, Waiting], tuple[Button, ...]],
    language: Language,
) -> Iterator[Incident]:
    """`buttons` makes those of a plan that still waits, or gives those that it has already."""
    for one in waiting:
        key = f"approval/{one.asked.plan}"
        by = ", ".join(each.person for each in one.given)
        about = {"environment": environment, "actor": one.asked.actor, "plan": short(one.asked.plan), "by": by}
        title = words.APPROVED if one.enough else words.APPROVAL
        answer = Answer(
            Stage.RESOLVED if one.enough else Stage.ALERT,
            title(language, **about),
            tuple(_facts(one, environment, language)),
            log=tuple(one.asked.said["changes"]),
            buttons=() if one.enough else buttons(key, one),
            language=language,
        )
        yield Incident(key, "ticket", answer)


def button(waiting: Waiting, environment: str, offer: Offer, now: float, language: Language) -> Button:
    """One that names the plan by its whole digest: another plan is not approved by it."""
    arguments = {"plan": waiting.asked.plan.removeprefix("sha256:"), "environment": environment}
    token = offer(Command(COMMAND, arguments, language), now + VALID_SECONDS)
    return Button(words.APPROVE(language), token)


def _facts(waiting: Waiting, environment: str, language: Language) -> Iterator[tuple[str, str]]:
    yield words.PLAN(language), short(waiting.asked.plan)
    yield words.RELEASE(language), short(waiting.asked.digest)
    yield words.RISK(language), str(waiting.asked.said["risk"])
    given = [f"{each.person} ({each.platform}, {moment(each.at)})" for each in waiting.given]
    yield words.APPROVALS(language), f"{len(given)} / {waiting.needed} {', '.join(given)}".strip()
    if not waiting.enough:  # for platforms without buttons
        said = Command(COMMAND, {"plan": short(waiting.asked.plan), "environment": environment})
        yield words.SAY(language), said.text
