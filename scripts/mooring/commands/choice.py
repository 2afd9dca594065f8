"""What `moor init` makes of a repository: what flags say, and where they are silent the person at the terminal."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.commands.arguments import name, team
from mooring.commands.questions import ask, ask_several
from mooring.errors import UsageError
from mooring.report.console import Console

MINIMAL, EXAMPLE = "minimal", "example"
SOURCES = {MINIMAL: "one agent that answers, and nothing else", EXAMPLE: "the documents that are here, with your owner"}


@dataclass(frozen=True, slots=True)
class Choice:
    """No agents or environments means: all that are there."""

    source: str
    owner: str
    agents: Sequence[str]
    environments: Sequence[str]


def choose(args: Namespace, root: Path, console: Console, *, asking: bool) -> Choice:
    """Raises UsageError when something is missing and nobody is there to be asked."""
    from mooring.starter.content import remote_owner
    from mooring.starter.minimal import AGENT, ENVIRONMENTS

    source, owner, agents, environments = args.source, args.owner, args.agents, args.environments
    if asking and source is None:
        console.line("\n".join(f"{one}: {words}" for one, words in SOURCES.items()))
        source = ask(console, "Begin with", MINIMAL, _source)
    minimal = (source or MINIMAL) == MINIMAL
    if owner is None:
        if not asking:
            raise UsageError("who approves changes of the documents?", "--owner, such as --owner @acme/platform")
        owner = ask(console, "Who approves changes (a team or user)", remote_owner(root), team)
    if agents is None and minimal:
        agents = ask_several(console, "Agents", [AGENT], name) if asking else [AGENT]
    if environments is None and minimal:
        default = [*ENVIRONMENTS]
        environments = ask_several(console, "Environments", default, name) if asking else default
    unique = [list(dict.fromkeys(names or ())) for names in (agents, environments)]
    return Choice(source or MINIMAL, owner, *unique)


def _source(said: str) -> str:
    if said not in SOURCES:
        raise ArgumentTypeError(f"{said!r} is neither {' nor '.join(SOURCES)}")
    return said


def content(choice: Choice, before: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every file below the content folders as it is to be; `before` are those that are there. Raises UsageError."""
    from mooring.starter.content import KEPT, of_drills
    from mooring.starter.minimal import minimal
    from mooring.starter.rename import renamed
    from mooring.starter.selection import drilled, select

    if choice.source == EXAMPLE:
        return renamed(select(before, choice.agents, choice.environments), choice.owner)
    made = minimal(choice.owner, choice.agents, choice.environments)
    kept = {file: before[file] for file in KEPT if file in before}
    kept |= renamed({file: text for file, text in before.items() if of_drills(file)}, choice.owner)
    return drilled(kept | {file: text.encode() for file, text in made.items()})
