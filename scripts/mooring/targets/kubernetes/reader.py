"""Looks at an environment in a cluster; changes nothing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed, MooringError, Stopped, UsageError
from mooring.outcome import Reason
from mooring.rollout.objectives.window import Totals, of_processes
from mooring.rollout.target import Facts
from mooring.state.place.location import locate
from mooring.targets.kubernetes import logs, look, names
from mooring.targets.kubernetes.api import Api
from mooring.targets.kubernetes.doors import Doors
from mooring.targets.kubernetes.place import place
from mooring.targets.kubernetes.tallies import Tallies
from mooring.targets.protocol import Status
from mooring.targets.stored import Stored

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger
    from mooring.spec.environment import Environment
    from mooring.spec.target import KubernetesTarget
    from mooring.state.link import Link
    from mooring.targets.kubernetes.api import Object

ANSWER = 5.0
"""Seconds that a pod has to say what it counted, or which release it has."""


class Reader(Stored):
    """One environment in a namespace of a cluster."""

    def __init__(self, root: Path, environment: "Environment | str", state: Path) -> None:
        super().__init__(root, environment, state)
        self._tallies = Tallies(self.environment, lambda: self.link)
        self._last: look.Seen | None = None

    @cached_property
    def target(self) -> "KubernetesTarget":
        """What the document says of the cluster."""
        return place(self.root, self._environment, self.state)

    @cached_property
    def api(self) -> Api:
        """The cluster's API server."""
        return Api(self.target.context, self.target.namespace)

    @cached_property
    def doors(self) -> Doors:
        """The admin doors of the pods."""
        return Doors(self.api, self.environment)

    @cached_property
    def link(self) -> "Link":
        """The quick way into the database, for statements."""
        from mooring.state.link import Link

        return Link(locate(self.root, self._environment, self.state).found(os.environ), self.state)

    @property
    def machine(self) -> str:
        """What the ledger calls this place: one for all who change it, wherever they are."""
        return f"{self.target.cluster}/{self.target.namespace}"

    def status(self) -> Status:
        """What runs; raises nothing when that is nothing."""
        try:
            found = self.facts()
        except UsageError:
            raise
        except MooringError:
            return Status(self.environment, running=False)
        return Status(self.environment, True, self.url, facts=found)

    @property
    def url(self) -> str:
        """Where callers reach it: as the document says, or inside the cluster."""
        port = "" if self.target.port == 80 else f":{self.target.port}"
        inside = f"http://{names.service(self.environment)}.{self.target.namespace}.svc{port}"
        return self.target.url or inside

    def facts(self) -> Facts:
        """Who has the traffic, and both slots."""
        self._last = self._seen()
        return look.facts(self.api, self.doors, self._last, self._tallies.sums, self.machine, self._scaler(self._last))

    def _scaler(self, seen: look.Seen) -> "Object | None":
        """What adds pods to the live slot under load; None where nothing does."""
        if self.target.autoscaling is None or seen.slot is None:
            return None
        return self.api.get("HorizontalPodAutoscaler", names.deployment(self.environment, seen.slot))

    def _seen(self) -> look.Seen:
        return look.running(self.api, self.environment)

    def live(self) -> "Release | None":
        """The release that has the traffic, or that gets it at the next start; None when there is none.

        The ledger says it where the cluster does not: before the environment has moved here, it is live elsewhere.
        """
        try:
            side = look.see(self.api, self.environment).live
        except (Failed, UsageError):
            side = None  # such as where plans are made, which no cluster can be reached from
        digest = side.digest if side else self._ledgers_live()
        return self.release(digest) if digest else None

    def belongs(self, digest: str) -> bool:
        """Whether a stored release is for this cluster and namespace."""
        return self.release(digest).content.environment.target.place == self.target.place

    def stored(self, digest: str) -> bytes:
        """The bytes of a release as pods get them: from the database. Refused(TAMPERED) for others than it names."""
        return self.releases.verified(digest).data

    def probe(self, slot: str, agent: str, say: str, timeout: float) -> str:
        """What an agent of a slot answers. A pod that cannot be reached, as its node is gone, has others for that."""
        body = {"agent": agent, "say": say}
        return str(self._ask(slot, "POST /probe", body, timeout, again=True)["answer"])

    def rehearse(self, slot: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """What an agent of a slot says and calls, live or not, with no effect in the world."""
        return dict(self._ask(slot, "POST /rehearse", dict(body), timeout, again=True))

    def decide(self, slot: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Has a slot go on with a run that waits for a person."""
        return dict(self._ask(slot, "POST /decide", dict(body), timeout))

    def _ask(self, slot: str, route: str, body: Any, timeout: float, again: bool = False) -> Any:
        """Asks a pod of a slot that is ready with its release; of the others, one that is there.

        `again` asks the next one when one does not answer.
        """
        seen = self._seen()
        pods = seen.ready(slot) or seen.having(slot)
        if not pods:
            raise Failed(Reason.NOT_RUNNING, f"{slot} has no pods", f"moor status {self.environment}")
        why: list[str] = []
        for pod in pods if again else pods[:1]:
            try:
                return self.doors.call(pod.name, route, body, timeout)
            except TimeoutError:
                why.append(f"{pod.name} did not answer within {timeout:.3g} s")
            except OSError as error:
                why.append(f"{pod.name} did not answer: {error}")
        raise Failed(Reason.PROCESS, "; ".join(why), f"moor logs {self.environment} {slot}")

    def totals(self, slot: str) -> Totals:
        """What the pods of a slot have counted, by series. Failed(NOT_RUNNING) unless all that are ready say it."""
        pods = [pod.name for pod in self._seen().ready(slot)]
        said = self.doors.each(pods, "GET /samples", ANSWER)
        silent = [pod for pod in pods if pod not in said]
        if silent:
            raise Failed(Reason.NOT_RUNNING, f"{silent[0]} does not answer", f"moor logs {self.environment} {slot}")
        return of_processes(said.items())

    def config(self, slot: str, worker: int = 1) -> dict[str, Any]:
        """By the pods as `facts` last saw them: the release that one has in memory, and the digest of its `program`."""
        # Whoever asks all pods has just looked at them: to look again for each would take longer than they do.
        pods = (self._last or self._seen()).having(slot)
        try:
            return dict(self.doors.call(pods[worker - 1].name, "GET /config", timeout=ANSWER))
        except IndexError:
            raise Failed(Reason.NOT_RUNNING, f"pod {worker} of {slot} is not there any more") from None
        except OSError as error:
            raise Failed(Reason.NOT_RUNNING, f"{pods[worker - 1].name} does not answer: {error}") from None

    def logs(self, name: str, lines: int = 50) -> list[str]:
        """The last lines of a slot's pods or of the keeper, each after the pod's name."""
        return logs.last(self.api, self.environment, name, lines)

    def follow(self, name: str, lines: int) -> Iterator[str]:
        """The last lines of all pods of a slot or the keeper, and then every one that is added; has no end."""
        return logs.follow(self.api, self.environment, name, lines)

    def _ledgers_live(self) -> str | None:
        """The digest that is live by the ledger; None where that is not known."""
        with suppress(Stopped, UsageError), self._ledger() as ledger:
            live = ledger.state(self.environment).live
            return live.digest if live else None
        return None

    @contextmanager
    def _ledger(self) -> "Iterator[Ledger]":
        from mooring.rollout.ledger import Ledger

        ledger = Ledger.of(self.root, self._environment, self.state, os.environ)
        try:
            yield ledger
        finally:
            ledger.close()
