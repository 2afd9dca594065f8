"""`moor state move`."""

import difflib
import os
import re
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import environment
from mooring.commands.states.source import alone
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.state.moving.move import Moved
    from mooring.state.place.address import Address
    from mooring.state.place.location import Location

SUMMARY = "Move an environment's state to PostgreSQL or back to SQLite while it serves; nothing is lost."
REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument(
        "--to", metavar="PLACE", type=_place, required=True, help="env:NAME, the variable with a URL; or sqlite"
    )


def _place(text: str) -> str:
    if text != "sqlite" and not REFERENCE.fullmatch(text):
        raise ArgumentTypeError(f"{text[:12]!r}… is neither sqlite nor env:NAME; a URL belongs into a variable")
    return text


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.state.place.location import Location, locate

    workspace = find(args)
    name = workspace.known(args.environment)
    old = locate(workspace.root, name, workspace.of(name))
    new = Location(old.state, name, None if args.to == "sqlite" else args.to)
    data: dict[str, Any] = {"environment": name, "from": _named(old), "to": args.to, "rows": {}, "barrierMs": None}
    if old != new:
        begun = time.monotonic()
        done = _moved(workspace, old, new, console)
        new.record()
        data |= {"rows": done.rows or {}, "barrierMs": done.barrier_ms, "seconds": round(time.monotonic() - begun, 1)}
        rows = sum((done.rows or {}).values())
        console.line(f"{name} keeps its state in {new} now: {rows} rows, nobody waited longer than "
                     f"{done.barrier_ms or 0:.0f} ms", "green")  # fmt: skip
    else:
        console.line(f"{name} keeps its state in {new} already")
    data["entries"] = _verified(new)
    data["document"] = _document(workspace, name, new)
    if data["document"]:
        console.line("Let the document say the same, and deploy it:")
        console.line()
        console.line(data["document"])
    return Outcome(Reason.CHANGED if old != new else Reason.IN_SYNC, data)


def _moved(workspace: Workspace, old: "Location", new: "Location", console: Console) -> "Moved":
    """Holds the environment's lease meanwhile, so that nobody deploys or moves it too. Raises Refused, Failed."""
    from mooring.commands.database import failed
    from mooring.commands.running import actor, ledger, target
    from mooring.rollout import lease
    from mooring.state.moving.move import Ends, move
    from mooring.state.unavailable import Unavailable

    name = old.environment
    ends = Ends(_address(old), _address(new), _named(old), _named(new))
    running = target(workspace, name)
    if new.variable:
        with suppress(Failed):  # nothing runs, so nobody needs to know
            running.tell({new.variable: os.environ[new.variable]})
    with ledger(workspace, name) as book, lease.Renewal(book, lease.acquire(book, name, actor(), "move")):
        if new.variable is None:
            alone(book, name, new.state, f"moor down {name} there first; a file serves one machine")
        try:
            with console.progress(f"move {name}") as notify:
                return move(ends, notify)
        except Unavailable as error:
            raise failed(name, error) from None


def _address(location: "Location") -> "Address":
    from mooring.commands.database import failed
    from mooring.state.unavailable import Unfit

    try:
        return location.address(os.environ)
    except LookupError as error:
        raise Failed(Reason.STORAGE, str(error.args[0]), f"export {location.variable}=postgresql://…") from None
    except Unfit as error:
        raise failed(location.environment, error) from None


def _verified(new: "Location") -> int:
    """The entries of the ledger at the new place, whose chain holds. Raises Refused(TAMPERED)."""
    from mooring.rollout.ledger import Ledger

    with closing(Ledger(new)) as book:
        return book.verify()


def _named(location: "Location") -> str:
    return location.reference or "sqlite"


def _document(workspace: Workspace, name: str, new: "Location") -> str:
    """What to change in the environment's document, as a diff; "" when it says so already."""
    path = workspace.root / "configs" / "environments" / f"{name}.yaml"
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    block = re.compile(r"^database:[ \t]*(\{.*\}[ \t]*)?\n(([ \t]+.*|[ \t]*)\n)*?(?=^\S|\Z)", re.MULTILINE)
    said = f"database:\n  secretRef: {new.reference}\n" if new.reference else ""
    after = block.sub(said, before, count=1) if block.search(before) else before.rstrip("\n") + "\n" + said
    if re.sub(r"\s|[{}\"']", "", before) == re.sub(r"\s|[{}\"']", "", after):
        return ""
    shown = str(path.relative_to(workspace.root))
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), shown, shown, n=1))
