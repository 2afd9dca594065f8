"""`moor keys`."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any

from mooring.catalog.nearest import suggestion
from mooring.commands.arguments import UNITS, environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.runtime.core.keys import Keys, StoredKey
    from mooring.spec import Environment
    from mooring.spec.access import Access, Limits

SUMMARY = "Create, list, rotate and revoke the API keys of callers."
EXAMPLES = """
moor keys create production website --tenant acme    shown once; ends in 90 days
moor keys create production ops --role operator      for metrics and health
moor keys create local test --tenant acme --agents helper --requests-per-minute 60 --ends 7d
moor keys list production
moor keys rotate production website --overlap 7d     a new key; the old one works a week longer
moor keys revoke production website                  refused within a second
"""
COLUMNS = ("NAME", "ID", "TENANT", "ROLE", "AGENTS", "LIMITS", "CREATED", "ENDS")
LONGEST_DAYS = 3650


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, what: str) -> ArgumentParser:
        made = actions.add_parser(name, parents=[shared()], help=what, description=f"{what[0].upper()}{what[1:]}.")
        environment(made)
        return made

    create = action("create", "make a key and show it, once")
    create.add_argument("name", metavar="NAME", help="who uses it, such as website")
    create.add_argument("--tenant", metavar="T", help="whose key it is: a tenant of the environment's access")
    create.add_argument("--role", choices=("caller", "approver", "operator"), default="caller", help="default: caller")
    create.add_argument("--agents", metavar="A,B", type=_names, help="agents it may call (default: its tenant's)")
    create.add_argument("--ends", metavar="WHEN", type=_span, default="90d", help="30m, 12h or 90d from now; a date")
    create.add_argument("--requests-per-minute", metavar="N", type=int)
    create.add_argument("--concurrent", metavar="N", type=int, help="requests and runs at once")
    create.add_argument("--tokens-per-day", metavar="N", type=int)
    create.add_argument("--usd-per-day", metavar="X", type=float)
    action("list", "show the keys, without what they are")
    rotate = action("rotate", "make a key that replaces another, which works on for a while")
    rotate.add_argument("name", metavar="NAME")
    rotate.add_argument("--overlap", metavar="TIME", type=_span, default="7d", help="how long both work (default: 7d)")
    rotate.add_argument("--ends", metavar="WHEN", type=_span, help="as long from now as the old key had (default)")
    revoke = action("revoke", "end a key now")
    revoke.add_argument("name", metavar="NAME", help="all keys of this name")
    revoke.add_argument("--id", metavar="ID", help="only the one with this id, which a key begins with")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.state.unavailable import Unavailable

    workspace = find(args)
    name = workspace.known(args.environment)
    try:
        return globals()[f"_{args.action}"](args, _Place.of(workspace, name), console)  # type: ignore[no-any-return]
    except (OSError, ValueError, Unavailable) as error:
        raise Failed(Reason.STORAGE, f"keys cannot be read or written: {error}") from None


@dataclass(frozen=True)
class _Place:
    """An environment, its document where that is valid, and its keys."""

    name: str
    document: "Environment | None"
    keys: "Keys"

    @classmethod
    def of(cls, workspace: Workspace, name: str) -> "_Place":
        from mooring.catalog.load import load
        from mooring.catalog.source import WorkTree
        from mooring.commands.running import target
        from mooring.spec import Environment

        document = load(WorkTree(workspace.root))[0].get(Environment, name)
        return cls(name, document, target(workspace, document or name).keys)

    @property
    def access(self) -> "Access":
        """Raises UsageError without one: a key would open nothing."""
        if self.document is None or self.document.access is None:
            fix = f"add access: {{tenants: [{{name: …}}]}} to configs/environments/{self.name}.yaml, and deploy it"
            raise UsageError(f"{self.name} declares no access, so nobody needs a key there", fix)
        return self.document.access


def _create(args: Namespace, place: _Place, console: Console) -> Outcome:
    from mooring.runtime.core.keys import StoredKey, new_key

    _check(args, place)
    secret, number, hashed = new_key()
    now = time()
    key = StoredKey(
        id=number,
        name=args.name,
        tenant=args.tenant,
        role=args.role,
        agents=args.agents,
        limits=_limits(args),
        hash=hashed,
        created=now,
        ends=_end(args.ends, now),
    )

    def added(keys: Sequence["StoredKey"]) -> list["StoredKey"]:
        if any(old.name == args.name and old.works(now) for old in keys):
            fix = f"moor keys rotate {place.name} {args.name}"
            raise UsageError(f"{place.name} has a key {args.name!r} already", fix)
        return [*keys, key]

    place.keys.change(added)
    return _shown(key, secret, console)


def _list(_args: Namespace, place: _Place, console: Console) -> Outcome:
    keys = [_data(key) for key in place.keys.read()]
    by_reference = place.document.access.keys if place.document and place.document.access else ()
    keys += [
        key.model_dump(mode="json", exclude={"secret_ref"}) | {"id": key.secret_ref, "created": None}
        for key in by_reference
    ]
    if keys:
        console.table(COLUMNS, [_row(key) for key in keys])
    else:
        console.line(f"{place.name} has no keys")
    return Outcome(Reason.REPORTED, {"environment": place.name, "keys": keys})


def _rotate(args: Namespace, place: _Place, console: Console) -> Outcome:
    from mooring.runtime.core.keys import new_key

    secret, number, hashed = new_key()
    now = time()
    made: list[StoredKey] = []

    def rotated(keys: Sequence["StoredKey"]) -> list["StoredKey"]:
        current = max((key for key in keys if key.name == args.name and key.works(now)), key=_created, default=None)
        if current is None:
            raise UsageError(*_unknown(place, args.name, [key for key in keys if key.works(now)]))
        lasts = (current.ends or now) - current.created
        ends = _end(args.ends, now) if args.ends else now + lasts
        made[:] = [current.model_copy(update={"id": number, "hash": hashed, "created": now, "ends": ends})]
        last = _end(args.overlap, now)
        over = [
            key.model_copy(update={"ends": min(key.ends or last, last)}) if key.name == args.name else key
            for key in keys
        ]
        return [*over, made[0]]

    place.keys.change(rotated)
    return _shown(made[0], secret, console)


def _revoke(args: Namespace, place: _Place, console: Console) -> Outcome:
    now = time()
    gone: list[StoredKey] = []

    def revoked(keys: Sequence["StoredKey"]) -> list["StoredKey"]:
        gone[:] = (key for key in keys if key.name == args.name and args.id in (None, key.id))
        if not gone:
            raise UsageError(*_unknown(place, args.name if args.id is None else f"{args.name} {args.id}", keys))
        return [key for key in keys if key not in gone]

    place.keys.change(revoked)
    console.line(
        f"{args.name} is revoked: {', '.join(key.id for key in gone)}; requests under way still finish", "green"
    )
    return Outcome(Reason.CHANGED, {"environment": place.name, "revoked": [_data(key) for key in gone], "at": now})


def _check(args: Namespace, place: _Place) -> None:
    """Raises UsageError for a key that would open nothing, or share its name and limits with another."""
    access = place.access
    if any(args.name == key.name for key in access.keys):
        raise UsageError(f"the document of {place.name} has a key {args.name!r} already", "take another name")
    names = [tenant.name for tenant in access.tenants]
    if args.role == "operator":
        if args.tenant:
            raise UsageError("an operator has no tenant", "leave --tenant out")
    elif args.tenant is None:
        raise UsageError("a key belongs to a tenant", f"--tenant {'|'.join(names)}")
    elif args.tenant not in names:
        raise UsageError(f"no tenant {args.tenant!r}{suggestion(args.tenant, names)}", f"--tenant {'|'.join(names)}")
    agents = place.document.agents if place.document else ()
    for agent in args.agents or ():
        if agent not in agents:
            raise UsageError(f"{agent!r} is no agent of {place.name}{suggestion(agent, agents)}")


def _limits(args: Namespace) -> "Limits":
    from pydantic import ValidationError

    from mooring.spec.access import Limits

    try:
        return Limits(
            requests_per_minute=args.requests_per_minute,
            concurrent=args.concurrent,
            tokens_per_day=args.tokens_per_day,
            usd_per_day=args.usd_per_day,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg'].lower()}") from None


def _unknown(place: _Place, name: str, keys: Sequence["StoredKey"]) -> tuple[str, str]:
    near = suggestion(name, sorted({key.name for key in keys}))
    return f"{place.name} has no key {name!r}{near}", f"moor keys list {place.name}"


def _shown(key: "StoredKey", secret: str, console: Console) -> Outcome:
    console.line(secret, "bold")
    console.note("this is shown once and kept nowhere; only its hash is stored")
    console.note(f"it ends {_date(key.ends)}; send it as `Authorization: Bearer`, as OpenAI clients do with api_key")
    return Outcome(Reason.CHANGED, {"key": secret, **_data(key)})


def _data(key: "StoredKey") -> dict[str, Any]:
    return key.model_dump(mode="json", exclude={"hash"})


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    limits = ", ".join(f"{name} {value:g}" for name, value in key["limits"].items() if value is not None)
    agents = ", ".join(key["agents"] or ["all"])
    made = _date(key["created"]) if key["created"] else ""
    return key["name"], key["id"], key["tenant"] or "", key["role"], agents, limits, made, _date(key["ends"])


def _date(moment: float | str | None) -> str:
    if moment is None or isinstance(moment, str):
        return moment or "never"
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _created(key: "StoredKey") -> float:
    return key.created


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _span(text: str) -> str:
    """A time from now, or a date; the moment is taken when the command runs."""
    try:
        _end(text, time())
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is neither a time such as 30m, 12h or 90d nor a date to come") from None
    return text


def _end(text: str, now: float) -> float:
    if text[-1:] in UNITS and text[:-1].isdecimal():
        seconds = int(text[:-1]) * UNITS[text[-1]]
        if not 0 < seconds <= LONGEST_DAYS * 86400:
            raise ValueError(text)
        return now + seconds
    moment = datetime.fromisoformat(text)
    end = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if end <= now:
        raise ValueError(text)
    return end
