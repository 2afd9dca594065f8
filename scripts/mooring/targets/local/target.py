"""The local target: what a rollout and the commands see of one machine."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed, MooringError, Refused, Stopped, UsageError
from mooring.outcome import Reason
from mooring.release.canonical import digest as digest_of
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.objectives.window import Totals
from mooring.rollout.state import SLOTS, Side
from mooring.rollout.target import Edit, Facts, Terms
from mooring.runtime.process import unix_http
from mooring.state.place.location import kept, locate
from mooring.targets.host import folders
from mooring.targets.host.memory import Memory
from mooring.targets.local.counted import counted
from mooring.targets.local.facts import facts_of
from mooring.targets.local.follow import follow
from mooring.targets.local.launch import launch
from mooring.targets.protocol import Status
from mooring.targets.stored import Stored

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec.environment import Environment

SUPERVISOR = (sys.executable, "-m", "mooring.targets.local.supervisor")
LOGS = (*SLOTS, "supervisor", "simulator", "model", "exporter", "monitor", "chat")
"""What writes a log."""

OPENING = 30.0
"""Seconds within which a supervisor must have started, its simulator and local models included."""


class Local(Stored):
    """Reader and Writer of one environment on this machine.

    `state` is the environment's folder. Everything but `ensure`, `down` and `logs` raises
    Failed(NOT_RUNNING) when no supervisor runs. `supervisor` is the command that starts one.
    """

    def __init__(
        self, root: Path, environment: "Environment | str", state: Path, supervisor: Sequence[str] = SUPERVISOR
    ) -> None:
        super().__init__(root, environment, state)
        self._supervisor = supervisor

    # --- the supervisor's life ---

    def ensure(self) -> None:
        """Finds a supervisor, or starts one apart from this process.

        Failed(PORT_IN_USE), Failed(STORAGE) or Failed(PROCESS) when it cannot.
        """
        with suppress(OSError):
            self._agree(unix_http.call(folders.control(self.state), "GET /status")["listen"])
            return
        end = time.monotonic() + OPENING
        while not launch(self._supervisor, self.root, self.state, self.environment, self._listen()):
            time.sleep(0.05)  # another process starts one right now, or one is about to be gone
            if self._stands():
                break
            if time.monotonic() > end:
                message = f"a supervisor holds {self.state}/supervisor.lock but does not answer"
                raise Failed(Reason.PROCESS, message)
        self._wait_for_live()

    revive = ensure

    def _listen(self) -> str:
        """What the document says now, or what the last supervisor was told."""
        if not isinstance(self._environment, str):
            return self._environment.target.address
        import yaml

        remembered = Memory.load(self.state / "supervisor.json").listen
        path = self.root / "configs" / "environments" / f"{self.environment}.yaml"
        try:
            return str(yaml.safe_load(path.read_text(encoding="utf-8"))["target"]["listen"])
        except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
            if remembered:
                return remembered
            raise UsageError(f"{path} does not say where {self.environment} listens") from None

    def _agree(self, bound: str) -> None:
        """The socket is bound once: an environment that moved needs a new start."""
        listen = self._listen()
        if not listen.endswith(":0") and listen.rpartition(":")[2] != bound.rpartition(":")[2]:
            raise Refused(
                Reason.STALE,
                f"{self.environment} listens on {bound}, its document says {listen}",
                f"moor down {self.environment}, then moor up {self.environment}",
            )

    def _wait_for_live(self) -> None:
        """What was live before comes back; connections wait in the queue meanwhile, so being late is no failure."""
        end = time.monotonic() + OPENING
        while (live := (facts := self.facts()).live) and not facts.slots[live.slot].ready and time.monotonic() < end:
            time.sleep(0.05)

    def down(self) -> bool:
        """Ends slots, simulator and supervisor; what was live comes back at the next start. False when none ran.

        Refused(LOCKED) while a rollout is under way.
        """
        self._unlocked()
        if not self._any_slot() and not self._stands():
            return False
        if not self._stands():
            self.ensure()
        self._call("POST /shutdown", timeout=130)
        self._wait_until_gone()
        return True

    def _unlocked(self) -> None:
        """Refused(LOCKED) when somebody is changing this environment."""
        if not kept(self.state):
            return
        with closing(Ledger.of(self.root, self.environment, self.state, os.environ)) as ledger:
            held = lease.holder(ledger, self.environment)
        if held:
            raise Refused(Reason.LOCKED, f"{self.environment} is locked: {held.kind} by {held.actor}", "wait for it")

    def _wait_until_gone(self) -> None:
        """Slots too: the door of one that has been told to end answers until its process has, and whoever came next
        would find that something runs, and start a supervisor to end it."""
        end = time.monotonic() + 5
        while (self._stands() or self._any_slot()) and time.monotonic() < end:
            time.sleep(0.01)

    def _stands(self) -> bool:
        with suppress(OSError):
            unix_http.call(folders.control(self.state), "GET /status")
            return True
        return False

    def _any_slot(self) -> bool:
        for door in folders.admins(self.state):
            with suppress(OSError):
                unix_http.call(door, "GET /health")
                return True
        return False

    # --- Reader ---

    def status(self) -> Status:
        """What runs here; raises nothing when that is nothing."""
        if not self._stands():
            return Status(self.environment, running=False)
        for slot in SLOTS:
            with suppress(OSError, Stopped):  # what cannot be counted now is shown as it was
                unix_http.call(folders.admin(self.state, slot), "POST /count", timeout=1)
        answer = self._call("GET /status")
        host = answer["listen"].replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")
        url = f"{'https' if self._secure(answer) else 'http'}://{host}"
        ledger = answer["ledger"]
        beside = {name: answer.get(name) for name in ("simulator", "monitor", "chat")}
        return Status(
            self.environment,
            True,
            url,
            answer["pid"],
            facts=facts_of(answer),
            ledger=ledger,
            **beside,
            models=answer.get("models") or {},
        )

    def _secure(self, answer: Mapping[str, Any]) -> bool:
        """Whether the live release speaks TLS."""
        with suppress(MooringError):
            if answer["live"] and (digest := answer["slots"][answer["live"]]["wanted"]):
                return self.release(digest).content.environment.serving.tls is not None
        return False

    def facts(self) -> Facts:
        """Who has the traffic, and both slots."""
        return facts_of(self._call("GET /status"))

    def live(self) -> "Release | None":
        """The release that has the traffic, or that gets it at the next start; None when there is none."""
        if self._stands():
            side = self.facts().live
            return self.release(side.digest) if side else None
        memory = Memory.load(self.state / "supervisor.json")
        digest = memory.slots[memory.live].digest if memory.live else None
        return self.release(digest) if digest else None

    def belongs(self, digest: str) -> bool:
        """Whether a stored release was made for a machine, and not for a cluster."""
        return self.release(digest).content.environment.target.type == "local"

    def stored(self, digest: str) -> bytes:
        """The bytes of a stored release. Refused(TAMPERED) when they are not what its name says."""
        path = folders.release_file(self.state, digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return self.releases.get(digest).data
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot read {path}: {error.strerror}") from None
        if (found := digest_of(data)) != digest:
            fix = "find out who wrote it, then delete it; the release is built again from git"
            raise Refused(Reason.TAMPERED, f"{path} does not hold what its name says: its content is {found}", fix)
        return data

    def terms(self, digest: str) -> Terms:
        """Those of a stored release, verified, from plain JSON: a release would take as long as all of a rollback."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = folders.release_file(self.state, digest).read_bytes()
            if digest_of(data) == digest:
                rollout = json.loads(data)["environment"]["rollout"]
                return Terms(digest, rollout["deadlineSeconds"], rollout["bakeSeconds"])
        return Terms.of(self.release(digest))

    def probe(self, slot: str, agent: str, say: str, timeout: float) -> str:
        """What an agent of a slot answers."""
        try:
            body = {"agent": agent, "say": say}
            return str(unix_http.call(folders.admin(self.state, slot), "POST /probe", body, timeout)["answer"])
        except OSError as error:
            raise Failed(Reason.PROCESS, f"{slot} did not answer: {error}") from None

    def totals(self, slot: str) -> Totals:
        """What the workers of a slot have counted, by series."""
        return counted(self.state, slot, [worker.number for worker in self.facts().slots[slot].workers])

    def rehearse(self, slot: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """What an agent of a slot says and calls, live or not, with no effect in the world."""
        try:
            return dict(unix_http.call(folders.admin(self.state, slot), "POST /rehearse", body, timeout))
        except TimeoutError:
            raise Failed(Reason.PROCESS, f"{slot} did not answer within {timeout:.3g} s") from None
        except OSError as error:
            raise Failed(Reason.PROCESS, f"{slot} did not answer: {error}") from None

    def decide(self, slot: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Has a slot go on with a run that waits for a person."""
        try:
            return dict(unix_http.call(folders.admin(self.state, slot), "POST /decide", body, timeout))
        except OSError as error:
            raise Failed(Reason.PROCESS, f"{slot} did not answer: {error}") from None

    def config(self, slot: str, worker: int = 1) -> dict[str, Any]:
        """The release that a worker of a slot has in memory: digest and content; and the digest of its `program`."""
        try:
            return dict(unix_http.call(folders.admin(self.state, slot, worker), "GET /config"))
        except OSError as error:
            raise Failed(Reason.NOT_RUNNING, f"worker {worker} of {slot} does not answer: {error}") from None

    def edits(self) -> Sequence[Edit]:
        """Nothing: what runs here has no settings beside the release."""
        return ()

    def reapply(self) -> None:
        """Nothing is to be done."""

    def logs(self, name: str, lines: int = 50) -> list[str]:
        """The last lines of a slot's log, or of `supervisor`, `simulator`, `model`, `exporter`, `monitor` or
        `chat`."""
        with suppress(FileNotFoundError):
            return self._log(name).read_text(errors="replace").splitlines()[-lines:]
        return []

    def follow(self, name: str, lines: int) -> Iterator[str]:
        """The last lines of a log, and then every piece that is added; has no end."""
        return follow(self._log(name), lines)

    def _log(self, name: str) -> Path:
        if name not in LOGS:
            raise UsageError(f"no log {name}; there is {', '.join(LOGS)}")
        return folders.log_file(self.state, name)

    # --- Writer ---

    def fence(self, token: int) -> None:
        """Makes older tokens void."""
        self._call("POST /fence", {"token": token})

    def stage(self, side: Side, token: int) -> None:
        """Begins to run a release in the idle slot, with the secrets it names from this process's variables."""
        content = self.release(side.digest).content
        names = {*content.model_variables, *content.operations_variables, *content.environment.secrets}
        names.add(locate(self.root, self.environment, self.state).variable or "")
        environ = {name: os.environ[name] for name in names if name in os.environ}
        self._call("POST /start", {**asdict(side), "token": token, "environ": environ}, timeout=OPENING)

    def switch(self, to: Side, token: int) -> float:
        """Sends traffic to a slot; returns milliseconds until it had it, the other none."""
        return float(self._call("POST /switch", {**asdict(to), "token": token}, timeout=15)["ms"])

    def rest(self, side: Side, token: int) -> None:
        """A standby has what it had: it was not more for the traffic."""

    def discard(self, side: Side, token: int, instead: str | None) -> None:
        """Ends a release in the idle slot and begins to run another."""
        self._call("POST /discard", {**asdict(side), "token": token, "instead": instead})

    def tell(self, environ: Mapping[str, str]) -> None:
        """Gives the supervisor and every worker secrets that they did not start with."""
        self._call("POST /secrets", {"environ": dict(environ)})
        for door in folders.admins(self.state):
            with suppress(OSError):  # the process may be gone
                unix_http.call(door, "POST /secrets", {"environ": dict(environ)})

    def kill(self, slot: str, worker: int = 1) -> str:
        """As `kill -9` of a process of a slot."""
        workers = {one.number: one.pid for one in self.facts().slots[slot].workers}
        if not (pid := workers.get(worker)):
            raise Failed(Reason.NOT_RUNNING, f"worker {worker} of {slot} is not there")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return str(pid)

    def restart(self, name: str | None = None) -> str:
        """Begins to replace a slot's process, by default the live one's, by a new one with the same release.

        A live one serves until the new one is ready, and then finishes its requests. `supervisor` is replaced
        while slots go on serving. What was restarted.
        """
        status = self.status()
        live = status.facts.live
        name = name or (live.slot if live else None)
        if name == "supervisor" and status.supervisor:
            os.kill(status.supervisor, signal.SIGTERM)
            self._wait_until_gone()
            self.ensure()
        elif name in SLOTS:
            self._unlocked()
            self._call("POST /restart", {"slot": name})
        else:
            raise Failed(
                Reason.NOT_RUNNING, f"{self.environment} has nothing to restart", f"moor up {self.environment}"
            )
        return name

    def _call(self, route: str, body: Any = None, timeout: float = 10) -> Any:
        try:
            return unix_http.call(folders.control(self.state), route, body, timeout)
        except (ConnectionError, FileNotFoundError):
            fix = f"moor up {self.environment}"
            raise Failed(Reason.NOT_RUNNING, f"{self.environment} is not running here", fix) from None
        except OSError as error:
            raise Failed(Reason.PROCESS, f"the supervisor did not answer: {error}") from None
