"""`moor models`."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mooring.catalog.nearest import suggestion
from mooring.change.wording import count
from mooring.commands.arguments import complete, environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.release.content import ReleaseContent

SUMMARY = "Ask the real models of an environment one question each way: text, tools, a stream, JSON."
EXAMPLES = """
moor models check                        those of local, by the documents here: nothing needs to run
moor models check staging                latency, what works, tokens, and which key is missing
moor models check staging --model openai/gpt-4-1
moor models check staging --json | jq '.models[] | select(.well == false)'
"""


def add(parser: ArgumentParser) -> None:
    from mooring.commands.parser import shared

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "ask each real model once each way"
    check = actions.add_parser("check", parents=[shared()], help=what, description=f"{what[0].upper()}{what[1:]}.")
    environment(check, default="local")
    name = "only this model; may be given several times"
    complete(check.add_argument("--model", metavar="M", action="append", default=[], help=name), _models)


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.target_state import documents
    from mooring.operate.models.check import check
    from mooring.report import models as render

    workspace = find(args)
    content = documents(workspace, workspace.known(args.environment))[1].content
    names = _named(content, args.model)
    real = [name for name in names if not content.environment.simulates(content.models[name].provider)]
    with console.progress(f"asking {count(len(real), 'real model')}"):
        found = [one.data() for one in check(content, names, os.environ)]
    render.show(found, console)
    if not real:
        raise _nothing_real(content, args.model)
    console.line(render.summary(found), "bold")
    well = all(one["well"] for one in found if one["endpoint"] == "real")
    data = {"environment": content.environment.name, "models": found}
    return Outcome(Reason.VALID if well else Reason.FINDINGS, data)


def _nothing_real(content: "ReleaseContent", asked: Sequence[str]) -> Refused:
    """An empty set is never success; and the command line was right, so that it is no usage error."""
    name = content.environment.name
    which = f"{', '.join(asked)} is simulated" if asked else "every model is simulated"
    fix = f"endpoints: real, or by provider, in configs/environments/{name}.yaml"
    return Refused(Reason.EMPTY_SET, f"{which} in {name}: nobody was asked", fix)


def _named(content: "ReleaseContent", asked: Sequence[str]) -> list[str]:
    known = sorted(content.models)
    for name in asked:
        if name not in known:
            there = f"{suggestion(name, known)} (there are: {', '.join(known)})"
            raise UsageError(f"no agent of {content.environment.name} uses a model {name!r}{there}")
    return [name for name in known if name in asked] or known


def _models(workspace: Workspace) -> list[str]:
    folder = workspace.root / "configs" / "models"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
