"""`moor drill --scale`: what a rate of requests needs, and which part breaks first."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace, find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.drill.scale.assumptions import Assumptions
    from mooring.drill.scale.figures import Figures

RATES = "100, 10000 and 1000000"
MOST = 100_000_000
"""Requests a minute; whoever has more knows more than this."""

OPTIONS = (
    "requests_per_minute", "figures", "checkpoints", "core_hour", "database_core_hour", "database_cores",
    "database_connections", "quota_requests", "quota_tokens", "autoscaling_seconds", "busy",
)  # fmt: skip
"""Of `--scale` alone."""


def add(parser: ArgumentParser) -> None:
    """`--scale` and what belongs to it."""
    group = parser.add_argument_group("scale: queueing is simulated with what a run was measured to cost")
    help_text = "pods, PostgreSQL, quota and cost of a rate, and which part breaks first"
    group.add_argument("--scale", action="store_true", help=help_text)
    _number(group, "requests-per-minute", "N", f"(default: {RATES})", nargs="+", most=MOST)
    group.add_argument("--figures", metavar="FILE", type=Path, help="your own, from `scripts/bench scale --write FILE`")
    group.add_argument("--checkpoints", choices=("durable", "off"), help="of runs (default: durable)")
    _number(group, "core-hour", "USD", "price of a core of a pod for an hour (default: 0.04)")
    _number(group, "database-core-hour", "USD", "and of PostgreSQL (default: 0.10)")
    _number(group, "database-cores", "N", "cores of the largest server there is (default: 16)", whole=True, most=1024)
    _number(group, "database-connections", "N", "that one server takes (default: 400)", whole=True, most=100_000)
    _number(group, "quota-requests", "N", "calls of the model that its vendor allows a minute")
    _number(group, "quota-tokens", "N", "and tokens (default: a quarter more than is needed)")
    _number(group, "autoscaling-seconds", "N", "until a further pod serves (default: 60)", most=3600)
    _number(group, "busy", "SHARE", "of a core that is planned for (default: 0.6)", most=0.95)


def _number(
    group: object, name: str, unit: str, text: str, *, nargs: str | None = None, most: float = 1e15, whole: bool = False
) -> None:
    def number(given: str) -> float:
        try:
            found = float(int(given) if whole else float(given))
        except ValueError:
            found = 0.0
        if not isfinite(found) or not 0 < found <= most:
            kind = "a whole number" if whole else "a number"
            raise ArgumentTypeError(f"{given!r} is not {kind} above 0, up to {most:,.15g}")
        return found

    group.add_argument(f"--{name}", metavar=unit, type=number, nargs=nargs, help=text)  # type: ignore[attr-defined]


def alone(args: Namespace) -> None:
    """Raises UsageError for options of `--scale` without it."""
    if given := [option for option in OPTIONS if getattr(args, option, None) is not None]:
        raise UsageError(f"--{given[0].replace('_', '-')} is for the drill of scale", "moor drill --scale")


def run(args: Namespace, console: Console) -> Outcome:
    """Computes and simulates each rate, and prints what was found out."""
    if args.names or args.against or args.live or args.arms or args.seeds != 1 or args.if_needed:
        raise UsageError(
            "--scale takes no names of drills, and none of --against, --arms, --seeds, --live, --if-needed",
            "moor drill --scale",
        )
    workspace = find(args)
    from mooring.drill.scale.figures import COMMITTED, read
    from mooring.drill.scale.scaled import RATES as DEFAULT
    from mooring.drill.scale.scaled import scale
    from mooring.report.scale.text import text

    figures = _priced(workspace, read(args.figures or COMMITTED))
    given = _assumptions(args)
    rates = sorted({float(rate) for rate in args.requests_per_minute or DEFAULT})
    with console.progress("simulating") as notify:
        found = scale(rates, figures, given, args.seed, notify)
    console.line()
    console.diff(text(found, figures, given))
    data = {
        "figures": figures.model_dump(mode="json", by_alias=True),
        "seed": args.seed,
        "rates": [one.data() for one in found],
    }
    return Outcome(Reason.REPORTED, data)


def _assumptions(args: Namespace) -> "Assumptions":
    from mooring.drill.scale.assumptions import Assumptions, Prices, Quota

    chosen = {
        "mode": args.checkpoints,
        "busy": args.busy,
        "lag_seconds": args.autoscaling_seconds,
        "database_cores": args.database_cores and int(args.database_cores),
        "database_connections": args.database_connections and int(args.database_connections),
    }
    prices = {"core_hour": args.core_hour, "database_core_hour": args.database_core_hour}
    return Assumptions(
        prices=Prices(**_known(prices)), quota=Quota(args.quota_requests, args.quota_tokens), **_known(chosen)
    )


def _known(options: dict[str, Any]) -> dict[str, Any]:
    """Those that were given; the others have their defaults."""
    return {name: value for name, value in options.items() if value is not None}


def _priced(workspace: Workspace, figures: "Figures") -> "Figures":
    """The figures with the prices of today's Model documents, where there are documents of those names."""
    from mooring.catalog.load import load_valid
    from mooring.catalog.source import WorkTree
    from mooring.spec import Model

    documents = load_valid(WorkTree(workspace.root)).all(Model)
    prices = {
        name: {"input_per_million": one.prices.input_per_million, "output_per_million": one.prices.output_per_million}
        for name, one in documents.items()
    }
    models = {name: one.model_copy(update=prices.get(name, {})) for name, one in figures.example.models.items()}
    return figures.model_copy(update={"example": figures.example.model_copy(update={"models": models})})
