"""`moor render`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

FORMATS = ("manifests", "kustomize", "helm")
SLOTS = ("blue", "green")

SUMMARY = "Print an environment of a cluster as manifests, or write a Kustomize base or a Helm chart."
EXAMPLES = """
moor render production                                    what a deployment applies, for people to read
moor render production | kubectl diff -f -                what it would change
moor render production --format kustomize --output base   a folder for overlays of your own
moor render production --format helm --output chart       the same with values: helm template chart
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--format", choices=FORMATS, default="manifests", help="for which tool (default: manifests)")
    parser.add_argument("--output", metavar="FOLDER", type=Path, help="write files there instead of printing them")
    parser.add_argument("--slot", choices=SLOTS, default="blue", help="which slot is live (default: blue)")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.target_state import documents
    from mooring.targets.table import rendered

    workspace = find(args)
    name = workspace.known(args.environment)
    if args.format != "manifests" and not args.output and not args.json:
        raise UsageError(
            f"--format {args.format} is several files", f"moor render {name} --format {args.format} --output FOLDER"
        )
    _, release = documents(workspace, name)
    files = rendered(release, args.format, args.slot)
    data = {"environment": name, "release": release.digest, "format": args.format, "slot": args.slot}
    if args.output is None:
        console.line("---\n".join(files.values()).rstrip("\n"))
        return Outcome(Reason.VALID, {**data, "files": files})
    changed = write(files, args.output)
    for path in files:
        console.line(f"{'wrote' if path in changed else 'unchanged'} {args.output / path}")
    return Outcome(Reason.CHANGED if changed else Reason.IN_SYNC, {**data, "files": list(files), "changed": changed})


def write(files: dict[str, str], folder: Path) -> list[str]:
    """Writes what differs; its paths. Files of others stay. Failed(STORAGE) where nothing can be written."""
    changed = [path for path, text in files.items() if not _same(folder / path, text)]
    try:
        for path in changed:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(files[path], encoding="utf-8")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write to {folder}: {error.strerror}", "say another --output") from None
    return changed


def _same(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
