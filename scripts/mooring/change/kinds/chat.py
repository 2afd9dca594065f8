"""Chat: who may do more by it than before, or with less asking."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.change.rules import Sides, moved, number
from mooring.change.walk import Note, Rule, Rules
from mooring.change.wording import show
from mooring.spec.chat import COMMANDS, PLATFORMS, confirm_of, matches

OPENED, CLOSED, CHANGED, TOLD = "chat.opened", "chat.closed", "chat.changed", "chat.told-otherwise"

STRENGTH = ("none", "self", "other")
"""Confirmations, the weakest first."""


def rules(_: Sides) -> Rules:
    return {
        "caps.lockMinutes": number(OPENED, CLOSED, "a lock lasts at most", " min"),
        "caps.silenceMinutes": number(OPENED, CLOSED, "a silence lasts at most", " min"),
        "confirm": confirm,
        "confirmSeconds": number(CHANGED, CHANGED, "time for a confirmation", " s"),
        "language": moved(CHANGED, "language"),
        "onCall": on_call,
        "people": people,
        "perMinute": number(CHANGED, CHANGED, "commands of a person in a minute"),
        "roles": roles,
        **{platform: _platform(platform) for platform in PLATFORMS},
        **{f"{platform}.channels": channels for platform in PLATFORMS},
        "github.roles": permissions,
        "github.repository": moved(OPENED, "repository whose permissions count"),
    }


def people(before: Any, after: Any) -> Iterator[Note]:
    """People are compared by their names."""
    old, new = ({one["name"]: one for one in side} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was is None and now is not None:
            yield Note(OPENED, f"{show(name)} may speak, as {_roles(now['roles'])}", values=(None, now))
        elif now is None and was is not None:
            yield Note(CLOSED, f"{show(name)} may no longer speak", values=(was, None))
        elif was is not None and now is not None:
            yield from _person(name, was, now)
    if old == new:
        yield Note(CHANGED, "lists its people in another order")


def _person(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Note]:
    for platform in PLATFORMS:
        if was[platform] != now[platform]:
            code = CLOSED if now[platform] is None else OPENED
            text = f"{show(name)} is {show(was[platform])} → {show(now[platform])} on {platform}"
            yield Note(code, text, values=(was[platform], now[platform]))
    yield from _set(f"{show(name)} has the role", was["roles"], now["roles"])


def on_call(before: Any, after: Any) -> Iterator[Note]:
    yield from _set("may always roll back:", before, after)


def roles(before: Any, after: Any) -> Iterator[Note]:
    """What a role allows is compared, however its patterns are written."""
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        more = _allowed(now) - _allowed(was) or _wider(was, now)
        code = OPENED if more else CLOSED if _allowed(was) - _allowed(now) or _wider(now, was) else CHANGED
        yield Note(code, f"role {show(name)}: {_said(was)} → {_said(now)}", values=(was, now))


def _allowed(role: Any) -> set[str]:
    patterns = role["commands"] if role else ()
    return {command for command in COMMANDS if any(matches(pattern, command) for pattern in patterns)}


def _wider(was: Any, now: Any) -> bool:
    """Whether `now` holds in environments in which `was` does not; none named is all."""
    if not was or not now or not was["environments"]:
        return False
    return not now["environments"] or not set(now["environments"]) <= set(was["environments"])


def _said(role: Any) -> str:
    if not role:
        return "nothing"
    return f"{show(', '.join(role['commands']))} in {show(', '.join(role['environments']) or 'all')}"


def confirm(before: Any, after: Any) -> Iterator[Note]:
    """What each command needs is compared, however the patterns are written."""
    for command in COMMANDS:
        old, new = confirm_of(before, command), confirm_of(after, command)
        if old != new:
            less = STRENGTH.index(new) < STRENGTH.index(old)
            text = f"{show(f'/{command}')} is confirmed by {show(old)} → {show(new)}"
            yield Note(OPENED if less else CLOSED, text, values=(old, new))


def permissions(before: Any, after: Any) -> Iterator[Note]:
    for level in sorted(before.keys() | after.keys()):
        old, new = before.get(level), after.get(level)
        if old != new:
            text = f"logins with {show(level)} have the role {show(old)} → {show(new)}"
            yield Note(CLOSED if new is None else OPENED, text, values=(old, new))


def channels(before: Any, after: Any) -> Iterator[Note]:
    for severity in sorted(before.keys() | after.keys()):
        old, new = (list(side.get(severity) or ()) for side in (before, after))
        if old != new:
            said = " → ".join(show(", ".join(side) or "nowhere") for side in (old, new))
            yield Note(TOLD, f"alerts of severity {severity} go to {said}", values=(old, new))


def _platform(name: str) -> Rule:
    """A platform that is connected, or is no more; what changes within it is told one by one."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        if before is None:
            yield Note(OPENED, f"commands come from {show(name)} too")
        elif after is None:
            yield Note(CLOSED, f"no commands come from {show(name)} any more, and no alerts go there")

    return rule


def _set(label: str, before: Any, after: Any) -> Iterator[Note]:
    for one in sorted(set(after) - set(before)):
        yield Note(OPENED, f"{label} {show(one)}", values=(None, one))
    for one in sorted(set(before) - set(after)):
        yield Note(CLOSED, f"no longer: {label} {show(one)}", values=(one, None))
    if set(before) == set(after) and before != after:
        yield Note(CHANGED, f"listed in another order: {label} {show(', '.join(after))}")


def _roles(names: Any) -> str:
    return show(", ".join(names) or "nobody in particular")
