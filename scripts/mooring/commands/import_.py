"""`moor import`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import owner
from mooring.commands.workspace import find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report import findings as render
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.exchange.intake import Draft, Intake
    from mooring.finding import Finding

SUMMARY = "Convert promptfoo, dotprompt, Prompty, OpenAI and MCP files to documents; runs nothing in them."
EXAMPLES = """
moor import promptfooconfig.yaml --dry-run      what it and the files it names would become, and what is left behind
moor import promptfooconfig.yaml --agent desk --message question
moor import greeting.prompt summary.prompty     prompts and their models
moor import tools.json --kind openai --owner @acme/support
"""
KINDS = ("promptfoo", "dotprompt", "prompty", "openai", "mcp")


def add(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--kind", choices=KINDS, help="the format (default: by suffix and content)")
    owner(parser)
    parser.add_argument("--agent", metavar="NAME", help="the agent that imported suites ask")
    parser.add_argument("--message", metavar="VARIABLE", help="the variable that is the user's message")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--force", action="store_true", help="overwrite documents that are there")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.exchange import writing
    from mooring.exchange.intake import Wishes
    from mooring.exchange.reading import take
    from mooring.spec import FOLDERS

    root = find(args).root
    start, wishes = Path(args.directory or "."), Wishes(args.agent, args.message)
    intakes = [take(file.as_posix(), start / file, args.kind, wishes) for file in args.file]
    team = args.owner or writing.usual_owner(root)
    if team is None:
        raise UsageError("who approves changes of these documents?", "--owner @team")
    if args.owner is None:
        intakes[0].choose("", f"no owner was named: {team}, who owns most documents here")
    files = _files(intakes, team)
    same, other = writing.sort_out(root, files)
    kept = [] if args.force else [file for file in other if file.startswith(f"{FOLDERS['Model']}/")]
    for file in kept:
        intakes[0].leave("", f"{file} is there already and says more than can be read here: it is kept")
        del files[file]
    if len(other) > len(kept) and not args.force:
        other = [file for file in other if file not in kept]
        raise UsageError(f"already there with other content: {', '.join(other)}", "--force, or rename them first")
    files, found, wrong = writing.valid(root, files)
    _leave_out(intakes, wrong)
    same = [file for file in same if file in files]
    new = {file: text for file, text in files.items() if file not in same}
    if not args.dry_run:
        writing.write(root, new)
    notes = {key: [asdict(note) for each in intakes for note in getattr(each, key)] for key in ("left", "chosen")}
    data = {"written": [] if args.dry_run else [*new], "documents": files, "unchanged": same, **notes}
    _tell(console, intakes, [*new], same, dry=args.dry_run)
    if found:
        console.line("\n`moor validate` will say:", "bold")
        console.line(render.text(found))
    data["findings"] = render.data(found)
    if not files and not kept:
        return Outcome(Reason.EMPTY_SET, data)
    done = Reason.REPORTED if args.dry_run else Reason.CHANGED if new else Reason.IN_SYNC
    return Outcome(done, data)


def _leave_out(intakes: "Sequence[Intake]", wrong: "Sequence[Finding]") -> None:
    """Notes for each document that is not written why it would not validate."""
    from mooring.exchange.writing import place

    source = {place(draft): intake for intake in intakes for draft in intake.drafts}
    for finding in wrong:
        told = f"{finding.path}: {finding.message}" if finding.path else finding.message
        source[finding.file].leave("", f"{finding.file} is not written, as it would not validate: {told}")


def _files(intakes: "Sequence[Intake]", owner: str) -> dict[str, str]:
    """Text by file. Raises UsageError when two files become one document, or nothing can be written."""
    from mooring.exchange import writing

    files: dict[str, str] = {}
    seen: dict[str, Draft] = {}
    for intake in intakes:
        for draft in intake.drafts:
            file, text = writing.place(draft), writing.render(draft, owner)
            if seen.get(file, draft).data != draft.data:
                raise UsageError(f"two of these files become {file}", "import them one by one, and rename between")
            seen[file] = draft
            if problem := writing.unsound(file, text):
                intake.leave("", f"{file} is not written: it {problem}")
            else:
                files.setdefault(file, text)
    return files


def _tell(console: Console, intakes: "Sequence[Intake]", new: list[str], same: list[str], *, dry: bool) -> None:
    for file in new:
        console.line(f"{'would write' if dry else 'wrote'} {file}", "green")
    for file in same:
        console.line(f"is there already: {file}")
    for title, notes in (
        ("Not carried over:", [note for intake in intakes for note in intake.left]),
        ("Not said, so decided; look at it:", [note for intake in intakes for note in intake.chosen]),
    ):
        if notes:
            console.line(f"\n{title}", "bold")
            console.line("\n".join(map(str, notes)))
