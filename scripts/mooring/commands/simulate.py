"""`moor simulate`."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mooring.catalog.nearest import suggestion
from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.release.content import ReleaseContent

SUMMARY = "Inject faults into simulated models and services, list them, clear them."
EXAMPLES = """
moor simulate fault status --provider openai      a vendor is down: every call answers 503
moor simulate fault retry-after --seconds 60      rate limits everywhere
moor simulate fault hang --model openai/gpt-4-1 --for 30  one model never answers, for 30 s
moor simulate fault latency --service NAME --seconds 20  tools time out
moor simulate fault cut-stream --rate 0.3         every third stream breaks off
moor simulate list                                what is on, and how often it struck
moor simulate clear                               ends every fault
"""
KINDS = {
    "status": "answers --status, 503 by default",
    "retry-after": "429, with Retry-After: --seconds",
    "latency": "answers --seconds late",
    "hang": "never answers",
    "cut-stream": "breaks the connection in the middle of the answer",
    "truncated": "half of an answer, which says so",
    "unfinished": "an answer that ends without a reason",
    "empty": "an answer that says nothing",
    "malformed": "a body that is no JSON",
    "wrong-content": "a well-formed answer that says --content instead",
}
COLUMNS = ("KIND", "TARGET", "RATE", "DETAIL", "ENDS", "HITS")


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    everywhere = [shared()]
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, help="fault, list or clear")
    _fault(actions.add_parser("fault", parents=everywhere, help="turn a fault on", **_words()))
    for name, what in (("list", "show the faults that are on"), ("clear", "turn all faults off")):
        environment(actions.add_parser(name, parents=everywhere, help=what, description=_sentence(what)), default=HOME)


HOME = "local"


def _fault(parser: ArgumentParser) -> None:
    kind = parser.add_argument("kind", metavar="KIND", choices=tuple(KINDS), help=", ".join(KINDS))
    kind.help = "what goes wrong; see below"
    environment(parser, default=HOME)
    target = parser.add_argument_group("for whom (default: everybody)").add_mutually_exclusive_group()
    target.add_argument("--model", metavar="M", help="a Model by name, or a regular expression over ids")
    target.add_argument("--provider", metavar="P", help="all models of a provider, such as openai")
    target.add_argument("--service", metavar="S", help="a simulated service of tools, by name")
    how = parser.add_argument_group("how")
    how.add_argument("--rate", metavar="R", type=_rate, help="share of calls it hits, 0 to 1 (default: 1)")
    how.add_argument("--seconds", metavar="N", type=_seconds, help="of latency or retry-after (default: 1)")
    how.add_argument("--status", metavar="CODE", type=int, help="of status (default: 503)")
    how.add_argument("--content", metavar="TEXT", help="of wrong-content")
    how.add_argument("--count", metavar="N", type=int, help="end after N hits")
    how.add_argument("--for", metavar="SECONDS", dest="for_seconds", type=_seconds, help="end after so many seconds")


def _words() -> dict[str, Any]:
    kinds = "\n".join(f"  {name:<15}{what}" for name, what in KINDS.items())
    return {"description": "Turn a fault on, beside those that are.", "epilog": f"kinds:\n{kinds}"}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _rate(text: str) -> float:
    rate = _seconds(text)
    if rate > 1:
        raise ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return rate


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 86400:
        raise ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return number


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target

    workspace = find(args)
    running = target(workspace, workspace.known(args.environment))
    status, release = running.status(), running.live()
    if not status.running or release is None:
        raise Failed(Reason.NOT_RUNNING, f"{running.environment} is not running here", f"moor up {running.environment}")
    if not release.content.environment.calls_simulator or status.simulator is None:
        raise Refused(Reason.GUARDED, f"{running.environment} calls real endpoints; only simulated ones can be broken")
    if args.action == "fault":
        faults = _send(status.simulator, "POST", _body(args, release.content))
    else:
        faults = _send(status.simulator, "DELETE" if args.action == "clear" else "GET")
    _show(faults, console)
    reason = Reason.REPORTED if args.action == "list" else Reason.CHANGED
    return Outcome(reason, {"environment": running.environment, "faults": faults})


def _body(args: Namespace, content: "ReleaseContent") -> dict[str, Any]:
    """The fault as the simulator's JSON. Raises UsageError or Refused when it could not hit anything."""
    services = content.environment.simulated_services
    played = [model for model in content.models.values() if content.environment.simulates(model.provider)]
    for model in content.real_models:
        if args.provider == model.provider or args.model == model.name:
            what = f"{args.provider or args.model} answers itself in {content.environment.name}"
            raise Refused(Reason.GUARDED, f"{what}; only simulated endpoints can be broken")
    _known("provider", args.provider, {model.provider for model in played})
    _known("service", args.service, services)
    wanted = {name: getattr(args, name) for name in ("provider", "service", "rate", "seconds", "status", "content")}
    wanted |= {"kind": args.kind, "count": args.count, "forSeconds": args.for_seconds}
    wanted["model"] = _model(args.model, {model.name: model.id for model in played})
    return {name: value for name, value in wanted.items() if value is not None}


def _model(wanted: str | None, ids: Mapping[str, str]) -> str | None:
    """A regular expression over model ids: that of the named Model, or the text as given."""
    if wanted is None:
        return None
    if wanted in ids:
        return f"^{re.escape(ids[wanted])}$"
    try:
        if any(re.search(wanted, each) for each in ids.values()):
            return wanted
    except re.error as error:
        raise UsageError(f"--model {wanted!r} is no regular expression: {error}") from None
    raise UsageError(f"no model {wanted}{suggestion(wanted, list(ids))} (there are: {', '.join(sorted(ids))})")


def _known(what: str, name: str | None, names: Iterable[str]) -> None:
    there = sorted(names)
    if name is not None and name not in there:
        raise UsageError(f"no {what} {name}{suggestion(name, there)} (there are: {', '.join(there)})")


def _send(simulator: str, method: str, body: Any = None) -> list[dict[str, Any]]:
    import json
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    connection = HTTPConnection(urlsplit(simulator).netloc, timeout=5)
    try:
        connection.request(method, "/faults", None if body is None else json.dumps(body))
        answer = json.load(connection.getresponse())
    except (OSError, HTTPException, ValueError) as error:
        raise Failed(Reason.PROCESS, f"the simulator does not answer: {error}", "moor logs ENV simulator") from None
    finally:
        connection.close()
    if "error" in answer:
        raise UsageError(answer["error"]["message"])
    return list(answer["faults"])


def _show(faults: list[dict[str, Any]], console: Console) -> None:
    if faults:
        console.table(COLUMNS, [_row(fault) for fault in faults])
    else:
        console.line("no faults are on", "green")


def _row(fault: Mapping[str, Any]) -> tuple[str, ...]:
    targets = [f"{name} {fault[name]}" for name in ("model", "provider", "service") if name in fault]
    details = {
        "status": ("status",),
        "retry-after": ("seconds",),
        "latency": ("seconds",),
        "wrong-content": ("content",),
    }
    detail = " ".join(str(fault[name]) for name in details.get(fault["kind"], ()))
    ends = [f"in {fault['ends_in']:.0f} s"] if "ends_in" in fault else []
    ends += [f"after {fault['count'] - fault['hits']} more"] if "count" in fault else []
    return (
        fault["kind"],
        targets[0] if targets else "everybody",
        f"{fault['rate']:g}",
        detail,
        ", ".join(ends),
        str(fault["hits"]),
    )
