"""What the actions on exports share: the environment's database, and the document that says where copies go."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace
from mooring.errors import Refused, UsageError
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.operate.export.seal import Opener
    from mooring.operate.export.source import Source
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger


@dataclass(frozen=True)
class Exported:
    """An environment that is exported; `release` is what is deployed, or what its documents here make of it."""

    release: "Release"
    source: "Source"

    def opener(self, reference: str | None) -> "Opener":
        """What opens its copies: by the reference that was given, else by the document's."""
        from mooring.operate.export.seal import Opener

        encryption = self.source.document.encryption
        return Opener.of(reference or (encryption.identity if encryption else None), self.source.environ)


@contextmanager
def exported(workspace: Workspace, name: str) -> Iterator[Exported]:
    """An environment's exports. UsageError when it has none, Failed when database or destination cannot be opened."""
    from mooring.commands.database import address
    from mooring.operate.export.source import Source

    release = _release(workspace, workspace.known(name))
    document = release.content.exports.get(release.content.environment.export or "")
    if document is None:
        fix = f"add export: NAME to configs/environments/{name}.yaml, with a document configs/operations/NAME.yaml"
        raise UsageError(f"{name} names no export", fix)
    source = Source(name, address(workspace, release.content.environment), document, workspace.of(name))
    try:
        yield Exported(release, source)
    finally:
        source.close()


def _release(workspace: Workspace, name: str) -> "Release":
    """What is deployed says where copies are and how long they are kept; a lost environment has only its documents."""
    from mooring.commands.running import target
    from mooring.commands.target_state import documents
    from mooring.errors import Stopped

    try:
        live = target(workspace, name).live()
    except Stopped:
        live = None
    return live if live is not None and live.content.environment.export else documents(workspace, name)[1]


def alone(book: "Ledger", environment: str, state: Path, fix: str) -> None:
    """Raises Refused(GUARDED) while other machines than that with the folder `state` here serve the environment."""
    from mooring.state.records import machines

    here = (machines.host(), str(state.resolve()))
    if others := [one for one in book.read(machines.alive) if (one.host, one.folder) != here]:
        where = ", ".join(f"{one.host} ({one.folder})" for one in others)
        raise Refused(Reason.GUARDED, f"{environment} is served from {where} too", fix)


def add(parser: ArgumentParser, identity: bool = False) -> None:
    """`ENV`, and `--identity` where copies are read."""
    environment(parser)
    if identity:
        known = "by default what encryption.identity of the document says"
        parser.add_argument("--identity", metavar="env:NAME", help=f"the variable with the private key; {known}")
