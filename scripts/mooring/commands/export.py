"""`moor export`."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mooring.catalog.nearest import suggestion
from mooring.commands.arguments import complete
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Export tools in the formats of OpenAI's API and of MCP servers."
EXAMPLES = """
moor export tools                                   all tools, for OpenAI's API
moor export tools crm/find-contact --format mcp
moor export tools --format mcp --out tools.json
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("what", metavar="tools", choices=("tools",), help="what is exported")
    names = parser.add_argument(
        "names", metavar="NAME", nargs="*", help="a tool such as crm/find-contact (default: all)"
    )
    complete(names, _tools)
    parser.add_argument("--format", choices=("openai", "mcp"), default="openai", help="(default: openai)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write there; an existing file is overwritten")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.catalog.load import load_valid
    from mooring.catalog.source import WorkTree
    from mooring.exchange.tool_export import FORMATS, LEFT
    from mooring.spec import Tool

    known = load_valid(WorkTree(find(args).root)).all(Tool)
    for name in args.names:
        if name not in known:
            raise UsageError(f"there is no Tool {name!r}{suggestion(name, known)}")
    chosen = [tool for name, tool in known.items() if name in args.names or not args.names]
    names = [tool.exported for tool in chosen]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"several tools are called {twice[0]!r} there", "name one of them")
    shape = FORMATS[args.format](chosen)
    text = json.dumps(shape, ensure_ascii=False, indent=2) + "\n"
    console.note(LEFT[args.format])
    if args.out is None:
        console.line(text)
    else:
        _write(Path(args.directory or ".") / args.out, text)
        console.line(f"wrote {len(chosen)} tool{'s' * (len(chosen) != 1)} to {args.out}", "green")
    return Outcome(Reason.REPORTED, {"format": args.format, "tools": shape, "left": LEFT[args.format]})


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}") from None


def _tools(workspace: Workspace) -> list[str]:
    folder = workspace.root / "configs/tools"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
