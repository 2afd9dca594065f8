"""`moor up`."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import environment
from mooring.commands.deploy import deploy
from mooring.commands.workspace import find
from mooring.errors import Failed
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.spec.environment import Probe
    from mooring.targets.protocol import Target

DEFAULT = "local"
"""The environment that is meant where none is named."""

PATIENCE = 60.0
"""Seconds to wait for an answer."""

SUMMARY = "Validate, build, start, deploy, ask one question and print the answer."
EXAMPLES = """
moor up             environment `local`
moor up staging     another one, on this machine
moor up --local-model     the one whose agents a small real model answers, served here without a key
moor up --json | jq -r .url
"""


def add(parser: ArgumentParser) -> None:
    environment(parser, default=DEFAULT)
    local = "the development environment that calls a model served on this machine"
    parser.add_argument("--local-model", action="store_true", help=local)
    parser.add_argument("--allow-dirty", action="store_true", help="also deploy what is not committed")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands import local_model
    from mooring.commands.ask import certificate_of

    workspace, name = find(args), args.environment
    if args.local_model and name == DEFAULT:
        name = local_model.environment_with(workspace)
    outcome = deploy(workspace, name, console, plan_digest=None, allow_dirty=args.allow_dirty)
    from mooring.commands.running import target

    running = target(workspace, name)
    release, url = running.live(), running.status().url
    if release is None or url is None:
        raise Failed(Reason.NOT_RUNNING, f"nothing is live in {name}", fix=f"moor logs {name} supervisor")
    served = release.content.environment
    probe = served.rollout.probes[0]
    local_model.wait(release.content)
    if served.access is not None:
        asked = _probed(running, url, probe, console)
    else:
        asked = _asked(url, probe.agent, probe.say, certificate_of(served), console)
    itself = local_model.show(release.content, console)
    return Outcome(outcome.reason, {**outcome.data, "url": url, "answer": asked, **itself})


def _probed(running: "Target", url: str, probe: "Probe", console: Console) -> dict[str, Any]:
    """Asks one question behind the door, since this command has no key, and prints how a caller asks it."""
    from mooring.commands.ask import curl

    live = running.facts().live
    text = running.probe(live.slot if live else "", probe.agent, probe.say, PATIENCE)
    console.line()
    console.line(f"serving at {url}, to callers with a key: moor keys create {running.environment} NAME", "bold")
    console.line()
    console.line(curl(url, probe.agent, probe.say, key=True))
    console.line()
    console.line(f"{probe.agent} answers {probe.say!r}:", "dim")
    console.line(text, "cyan")
    return {"agent": probe.agent, "say": probe.say, "text": text}


def _asked(url: str, agent: str, say: str, certificate: str, console: Console) -> dict[str, Any]:
    """Asks one question as any client would, and prints the request as a shell line."""
    from mooring.commands.ask import ask, curl

    answer = ask(url, agent, say, certificate=certificate)
    source = "a simulated model" if answer.simulated else "its model"
    console.line()
    console.line(f"serving at {url}", "bold")
    console.line()
    console.line(curl(url, agent, say))
    console.line()
    console.line(f"{agent} ({source}, rung {answer.rung}, slot {answer.slot}) answers {say!r}:", "dim")
    console.line(answer.text, "cyan")
    return {"agent": agent, "say": say, **asdict(answer)}
