"""Who may say what, where, and who says yes: pure, and closed wherever something is not known."""

from dataclasses import dataclass

from mooring.chat.codes import Code
from mooring.chat.said import Caller
from mooring.spec.chat import COMMANDS, ROLLBACK, Chat, Confirm, Person, confirm_of, matches

TERMINAL = "terminal"
"""The platform of whoever could run the command line anyway."""

FREE = ("help",)
"""Commands that are open to everybody who is known."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who spoke, as the ledger names them. `named` says whether the document does; else GitHub's permission spoke for
    them, or the machine did. `everything` is the terminal's right."""

    name: str
    roles: tuple[str, ...] = ()
    on_call: bool = False
    named: bool = False
    everything: bool = False


def speaker(document: Chat | None, caller: Caller) -> Speaker | None:
    """The person whom the document names for a caller; None where it names nobody."""
    if caller.platform == TERMINAL:
        return Speaker(caller.id, everything=True)
    if document is None:
        return None
    found = [person for person in document.people if _is(person, caller)]
    return by_name(document, found[0].name) if len(found) == 1 else None


def by_name(document: Chat, name: str) -> Speaker | None:
    """The speaker that a person of the document is."""
    for person in document.people:
        if person.name == name:
            return Speaker(name, person.roles, name in document.on_call, named=True)
    return None


def asks_permission(document: Chat | None, caller: Caller, repository: str | None) -> bool:
    """Whether GitHub's permission could give a role to a caller whom the document does not name.

    It counts in the repository alone that both the document and the door have.
    """
    door = document.github if document else None
    ours = door is not None and door.repository == repository and bool(door.roles)
    return ours and caller.platform == "github" and speaker(document, caller) is None


def by_permission(document: Chat, caller: Caller, permission: str | None) -> Speaker | None:
    """A login with the role of its permission, named so that no person has that name; None where it has no role."""
    roles = document.github.roles if document.github else {}
    role = next((role for level, role in roles.items() if level == permission), None)
    return Speaker(f"{caller.id.lower()}@github", (role,)) if role else None


def judge(document: Chat | None, who: Speaker, command: str, environment: str) -> Code | None:
    """None where somebody may say a command to an environment, else why not. `document` is that environment's."""
    if who.everything:
        return None
    if document is None:
        return Code.NO_DOCUMENT
    if command in FREE or (command == ROLLBACK and who.on_call):
        return None
    return None if any(_allows(document, role, command, environment) for role in who.roles) else Code.FORBIDDEN


def rights(document: Chat | None, who: Speaker, environment: str) -> tuple[str, ...]:
    """The commands that somebody may say to an environment."""
    return tuple(name for name in COMMANDS if judge(document, who, name, environment) is None)


def confirmation(document: Chat | None, who: Speaker, command: str) -> Confirm:
    """Who says yes to a change. The most specific pattern counts; what none says, the same person confirms.

    Whoever is on call needs nobody else for a rollback.
    """
    if who.everything or document is None:
        return "self"
    found = confirm_of(document.confirm, command)
    return "self" if found == "other" and command == ROLLBACK and who.on_call else found


def answers(confirm: str, asked: str, asker_named: bool, by: Speaker) -> Code | None:
    """None where `by` may confirm what `asked` wants, as far as it matters who they are; else why not.

    Two pairs of eyes are two people of the document: a login that it does not name could be either's second account.
    """
    if confirm == "other":
        return None if by.named and asker_named and by.name != asked else Code.NEEDS_ANOTHER
    return None if by.name == asked else Code.NOT_YOURS


def _is(person: Person, caller: Caller) -> bool:
    known = getattr(person, caller.platform, None)
    if not isinstance(known, str):
        return False
    # GitHub's logins are the same in every case of letters; other ids are not.
    return known.lower() == caller.id.lower() if caller.platform == "github" else known == caller.id


def _allows(document: Chat, name: str, command: str, environment: str) -> bool:
    role = document.roles.get(name)
    if role is None or (role.environments and environment not in role.environments):
        return False
    return any(matches(pattern, command) for pattern in role.commands)
