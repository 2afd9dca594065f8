"""Arguments that several verbs share, with their shell completion."""

import re
from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import Any

from mooring.commands.workspace import Workspace, find
from mooring.errors import MooringError

UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds, by the letter that ends a time such as 2h."""


def environment(parser: ArgumentParser, *, default: str | None = None, several: bool = False) -> None:
    """`ENV`, by default required and one; `args.environment` is a list when `several`."""
    nargs = "*" if several else ("?" if default else None)
    hint = f" (default: {default})" if default else (" (default: all)" if several else "")
    options: dict[str, Any] = {"nargs": nargs, "default": default} if nargs else {}
    action = parser.add_argument("environment", metavar="ENV", help=f"an environment{hint}", **options)
    complete(action, environments)


def count(text: str) -> int:
    """A number of things to show: 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def dollars(text: str) -> float:
    """An amount of US dollars above 0."""
    try:
        amount = float(text.removeprefix("$"))
    except ValueError:
        amount = 0.0
    if not 0 < amount < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not an amount of US dollars above 0")
    return amount


def owner(parser: ArgumentParser, default: str = "the usual one") -> None:
    """`--owner`, a team or user of the host."""
    parser.add_argument("--owner", metavar="TEAM", type=team, help=f"who approves changes (default: {default})")


def team(text: str) -> str:
    if not re.fullmatch(r"@[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?", text):
        raise ArgumentTypeError(f"{text!r} is no team or user such as @acme/support")
    return text


def name(text: str) -> str:
    """A name that a document can have: its path below the folder of its kind."""
    from pydantic import TypeAdapter, ValidationError

    from mooring.spec.document import Name

    try:
        return TypeAdapter(Name).validate_python(text)
    except ValidationError:
        wanted = "a to z, 0 to 9 and -, with / between parts, such as support/main"
        raise ArgumentTypeError(f"{text!r} is no name of a document: {wanted}") from None


def complete(action: Action, names: Callable[[Workspace], list[str]]) -> None:
    """Lets the shell complete an argument with what `names` finds; nothing when there is no repository."""

    def completer(parsed_args: Namespace, **_: object) -> list[str]:
        try:
            return names(find(Namespace(**{"directory": None, **vars(parsed_args)})))
        except MooringError:
            return []

    vars(action)["completer"] = completer


def environments(workspace: Workspace) -> list[str]:
    return workspace.environments()


def documents(workspace: Workspace) -> list[str]:
    """Documents as `bump` takes them: kind/name."""
    from mooring.spec import FOLDERS

    folders = [(kind, workspace.root / folder) for kind, folder in FOLDERS.items()]
    found = ((kind, path.relative_to(folder)) for kind, folder in folders for path in folder.rglob("*.yaml"))
    return sorted(f"{kind}/{path.with_suffix('')}" for kind, path in found)


def digests(workspace: Workspace) -> list[str]:
    """Digests of every release in the state folder, whatever its environment."""
    return sorted({f"sha256:{path.stem}" for path in workspace.state.glob("*/releases/*.json")})
