"""What commands are carried out with: the target, the records and the Chat document of an environment."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.catalog.nearest import suggestion
from mooring.chat.action import Context
from mooring.chat.command import Language
from mooring.errors import MooringError, UsageError
from mooring.operate.records import Records
from mooring.state.place.location import known
from mooring.targets import table
from mooring.targets.protocol import Target

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec.chat import Chat

FRESH_SECONDS = 1.0
"""For which it is not asked again what is live."""


@dataclass
class _Known:
    target: Target
    records: Records
    asked: float = float("-inf")
    release: "Release | None" = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Contexts:
    """Of all environments of a repository. `states` holds a folder for each. Any thread may use it."""

    def __init__(self, root: Path, states: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root, self._states, self._clock = root, states, clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def __call__(self, environment: str, person: str, platform: str, language: Language) -> Context:
        """The context of a command, in which nobody may anything yet. Raises UsageError for an unknown environment."""
        found = self._of(environment)
        return Context(
            root=self._root,
            state=found.records.state,
            environment=environment,
            target=found.target,
            records=found.records,
            document=self.document(environment),
            person=person,
            platform=platform,
            language=language,
            may=lambda _command: False,
        )

    def target(self, environment: str) -> Target:
        return self._of(environment).target

    def records(self, environment: str) -> Records:
        return self._of(environment).records

    def live(self, environment: str) -> "Release | None":
        """The release that serves, or that served when it could last be told."""
        found = self._of(environment)
        with found.lock:
            if self._clock() - found.asked > FRESH_SECONDS:
                with suppress(MooringError):
                    found.release = found.target.live() or found.release
                found.asked = self._clock()
            return found.release

    def document(self, environment: str) -> "Chat | None":
        """The Chat document of the live release, which nothing in the work tree can weaken; where nothing is live, that
        of the work tree."""
        release = self.live(environment)
        return release.content.chat if release else _written(self._root, environment)

    def close(self) -> None:
        with self._lock:
            for each in self._known.values():
                each.records.close()

    def _of(self, environment: str) -> _Known:
        with self._lock:
            if environment not in self._known:
                state = self._states / self._named(environment)
                target = table.target(self._root, environment, state)
                self._known[environment] = _Known(target, Records(self._root, state, environment))
            return self._known[environment]

    def _named(self, environment: str) -> str:
        folder = self._root / "configs" / "environments"
        names = sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
        if environment not in names and environment not in known(self._states):
            raise UsageError(f"no environment {environment!r}{suggestion(environment, names)}")
        return environment


def _written(root: Path, environment: str) -> "Chat | None":
    """The Chat document that the work tree has for an environment."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.spec import Chat, Environment

    catalog, _findings = load(WorkTree(root))
    document = catalog.get(Environment, environment)
    return catalog.get(Chat, document.chat) if document and document.chat else None
