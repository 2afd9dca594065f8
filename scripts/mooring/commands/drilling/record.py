"""`moor drill record`."""

import math
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import count, environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.operate.incidents import Incident, Measured

SUMMARY = "Write a drill of the incidents that an environment has measured."
EXAMPLES = """
moor drill record production                    the last 30 days, to evals/drills/production-history.csv and .yaml
moor drill record production --days 7 --output evals/drills/march.csv
"""

DAYS = 30
SAMPLE, WHOLE_HOURS = 16, 3.0
"""Of a drill that is longer, so many incidents are lived through."""
QUESTIONS, PER_MINUTE = 300, 15.0
"""About so many are asked when all of the time is lived through, and this is how often at most."""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--days", metavar="N", type=count, default=DAYS, help=f"how far back (default: {DAYS})")
    parser.add_argument("--output", metavar="FILE", type=Path, help="the CSV file, below evals/drills")


def run(args: Namespace, console: Console) -> Outcome:
    """Writes the CSV file; the drill beside it only where there is none, since its targets may be somebody's."""
    from mooring.catalog.load import load
    from mooring.catalog.source import HISTORIES, WorkTree

    workspace = find(args)
    name = workspace.known(args.environment)
    folder = workspace.root / HISTORIES
    file = _file(args.output or folder / f"{name.replace('/', '-')}-history.csv", folder)
    catalog, _ = load(WorkTree(workspace.root))
    until = time.time()
    found = _measured(workspace, name, catalog, until - args.days * 86400, until)
    if not found.incidents:
        console.line(f"no incident in the last {args.days} days, of {found.looks} measurements: nothing to replay")
        return Outcome(Reason.REPORTED, {"environment": name, "incidents": 0, "written": []})
    drill = file.with_suffix(".yaml")
    texts = {file: as_csv(found.incidents)}
    if not drill.exists():
        texts[drill] = as_drill(str(drill.relative_to(folder).with_suffix("")), name, _owner(catalog), found.incidents)
    _write(texts)
    written = [str(path.relative_to(workspace.root)) for path in texts]
    console.line(f"{len(found.incidents)} incidents of the last {args.days} days: wrote {', '.join(written)}", "green")
    if drill not in texts:
        console.note(f"kept {drill.relative_to(workspace.root)}; `moor validate` says whether it still fits")
    console.line(f"next: moor drill {drill.relative_to(folder).with_suffix('')}")
    return Outcome(Reason.CHANGED, {"environment": name, "incidents": len(found.incidents), "written": written})


def as_csv(incidents: Sequence["Incident"]) -> str:
    """The file that a drill names as its `history`; times are UTC, to the second."""
    from mooring.catalog.incidents import HEADER

    lines = (f"{one.vendor},{_at(one.start)},{_at(one.end)},{one.mode},{one.severity:g}" for one in incidents)
    return "\n".join([HEADER, *lines]) + "\n"


def as_drill(name: str, environment: str, owner: str, incidents: Sequence["Incident"]) -> str:
    """A drill that replays `<name>.csv`; what its targets are is for people to say."""
    import json

    from mooring.catalog.load import header

    first = datetime.fromtimestamp(incidents[0].start, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hours = math.ceil((max(one.end for one in incidents) - first.timestamp()) / 3600) + 1
    sampled = hours > WHOLE_HOURS and len(incidents) > 1
    pace = [f"perMinute: {PER_MINUTE:g}", f"sample: {SAMPLE}"] if sampled else [f"perMinute: {_pace(hours):g}"]
    lines = [
        header(f"evals/drills/{name}.yaml", "Drill"),
        "apiVersion: mooring/v1",
        "kind: Drill",
        f"name: {name}",
        "version: 1.0.0",
        f"description: What vendors did to {environment} from {first:%Y-%m-%d} on, as it was measured there.",
        f"owner: {json.dumps(owner)}",
        f"hours: {hours}",
        *pace,
        f"history: {name}.csv",
    ]
    return "\n".join(lines) + "\n"


def _pace(hours: float) -> float:
    return max(0.01, round(min(PER_MINUTE, QUESTIONS / (hours * 60)), 2))


def _at(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _file(output: Path, folder: Path) -> Path:
    """The CSV file. Raises UsageError where no drill could name it."""
    from pydantic import TypeAdapter, ValidationError

    from mooring.spec.drill import CsvFile

    file = Path.cwd() / output
    try:
        named = file.resolve().relative_to(folder.resolve())
        TypeAdapter(CsvFile).validate_python(str(named))
    except (ValueError, ValidationError):
        fix = "such as --output evals/drills/march.csv, in small letters"
        raise UsageError(f"{output} is no .csv file below evals/drills, which a drill could name", fix) from None
    return folder / named


def _measured(workspace: Workspace, name: str, catalog: "Catalog", since: float, until: float) -> "Measured":
    """Refused(EMPTY_SET) where nothing was measured at all."""
    from mooring.operate.incidents import measured
    from mooring.operate.records import Records
    from mooring.spec import Model
    from mooring.state.unavailable import Unavailable

    records = Records(workspace.root, workspace.of(name), name)
    try:
        database = records.database()
        found = measured(database, catalog.all(Model), since, until) if database else None
    except Unavailable as error:
        raise Failed(Reason.STORAGE, str(error)) from None
    finally:
        records.close()
    if found is None or not found.looks:
        fix = f"moor up {name}, and schedule moor patrol {name}"
        raise Refused(Reason.EMPTY_SET, f"{name} has measured nothing in that time", fix)
    return found


def _owner(catalog: "Catalog") -> str:
    from mooring.exchange import writing

    owner = writing.most(entry.document.owner for entry in catalog.entries.values())
    if owner is None:
        raise Refused(Reason.EMPTY_SET, "there are no documents here", "moor init")
    return owner


def _write(texts: dict[Path, str]) -> None:
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {error.filename}: {error.strerror}") from None
