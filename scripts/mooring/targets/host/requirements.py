"""What the supervisor has to know of a release. Read as plain JSON: the slot is who verifies it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mooring.targets.host.cores import cores

PLATFORMS = ("github", "slack", "feishu", "discord")
"""Of chat. The models of documents, which say the same, take longer to import than all the rest of a supervisor."""

MOST = 4
"""Workers of a slot when nobody says how many: each takes as much memory as the first."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model that this machine serves: `id` at `url` from `weights`, with a `context` of so many tokens."""

    name: str
    id: str
    url: str
    weights: str
    context: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """`drain` and `warm` in seconds; `simulated` when models or services are the simulator's; `spare` when a spare
    process of the live release stands ready; `access` when callers need keys; `workers` is how many processes a slot
    has; `export` says how the state is exported, as text that is the same for the same way, None where it is not;
    `monitor` is host:port where the environment can be watched, None where any port will do; `chat` is where platforms
    of chat are heard, None where none is connected; `models` are served here, in the order of their names."""

    drain: float = 60
    warm: float = 72 * 3600
    simulated: bool = False
    spare: bool = False
    access: bool = False
    workers: int = 1
    export: str | None = None
    monitor: str | None = None
    chat: str | None = None
    models: tuple[Weights, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads those of the release in `path`; the defaults when it cannot be read."""
        try:
            release = json.loads(path.read_bytes())
            environment = release["environment"]
            exported = environment.get("export")
            how = [environment["database"], release["exports"][exported]] if exported else None
            rollout = environment["rollout"]
            endpoints = environment["endpoints"]
            played = endpoints.values() if isinstance(endpoints, dict) else (endpoints,)
            simulated = "simulated" in (*played, *environment["services"].values())
            serving, development = environment["serving"], environment["tier"] == "development"
            workers = serving.get("workers") or (1 if development else min(MOST, cores()))
            spare = serving.get("spare")
            return cls(
                drain=rollout["drainSeconds"],
                warm=rollout["warm"]["hours"] * 3600,
                simulated=simulated,
                # Where one of several workers dies, the others go on accepting.
                spare=not development and workers == 1 if spare is None else bool(spare),
                access=environment.get("access") is not None,
                workers=workers,
                export=json.dumps(how, sort_keys=True) if how else None,
                monitor=environment["target"].get("monitor"),
                chat=_chat(release),
                models=tuple(_models(release)),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return cls()


def _models(release: Mapping[str, Any]) -> Iterator[Weights]:
    """Models that the environment calls and that name weights."""
    for name, model in sorted(release.get("models", {}).items()):
        endpoints = release["environment"]["endpoints"]
        how = endpoints.get(model["provider"], "real") if isinstance(endpoints, dict) else endpoints
        if model.get("weights") and how == "real":
            yield Weights(name, model["id"], model["baseUrl"], model["weights"], model["contextWindow"])


def _chat(release: Mapping[str, Any]) -> str | None:
    """Where the door of chat listens, any port where nobody chose one; None where no platform is connected."""
    environment = release["environment"]
    document = release.get("chats", {}).get(environment.get("chat") or "")
    if document is None or not any(document.get(platform) for platform in PLATFORMS):
        return None
    return environment["target"].get("chat") or "127.0.0.1:0"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a slot is to be: `digest` is the release it holds, or None; so many `workers` hold it."""

    digest: str | None
    workers: int
    live: bool
