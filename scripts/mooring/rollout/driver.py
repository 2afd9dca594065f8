"""Runs rollouts: every transition is in the ledger before it is acted on, and one process at a time does so."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mooring.errors import Failed, MooringError, Refused
from mooring.outcome import Reason
from mooring.rollout import holds, machine, quarantine
from mooring.rollout import lease as leases
from mooring.rollout.actions import Actions, Notify, Smoke, short
from mooring.rollout.follow import WALL, caught_up, elsewhere
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.patches import Hotfix
from mooring.rollout.receipt import Accounted, Receipt, account
from mooring.rollout.state import Event, Kind, Phase, Requested, Resumed, State, Superseded, other
from mooring.rollout.target import Clock, Facts, Target, Terms
from mooring.state.records.leases import Lease

if TYPE_CHECKING:
    from mooring.release.release import Release

RECOVERY = 120.0
"""Seconds a deployment waits for a recovery under way to finish."""

BRIEF = ("recover", "note")
"""Kinds of leases that are waited for: they end by themselves and change no release on purpose."""


@dataclass(frozen=True, slots=True)
class Request:
    """A release to make live. `commit` and the digests of `plan` and `evidence` are recorded with it.

    With a plan, `base` is the digest that was live when it was made, None when nothing was. `prepare` is called once
    the deployment is admitted, before anything else; what it raises ends the deployment. `hotfix` says what the release
    is, where it is not from git. `approved` are those who approved the plan. `lifted` lets it out though it was taken
    back before.
    """

    release: "Release"
    actor: str
    commit: str | None = None
    plan: str | None = None
    base: str | None = None
    evidence: str | None = None
    smoke: Smoke | None = field(default=None, compare=False)
    prepare: Callable[[], None] | None = field(default=None, compare=False)
    hotfix: Hotfix | None = None
    approved: tuple[str, ...] = ()
    lifted: bool = False


def deploy(target: Target, ledger: Ledger, request: Request, notify: Notify = print, clock: Clock = WALL) -> Receipt:
    """Makes a release live through every gate it has not passed before; returns when the old slot is drained.

    Raises Refused when it may not start (LOCKED, FROZEN, QUARANTINED), Failed when it was started and undone.
    """
    with Driver(target, ledger, request.actor, "deploy", notify, clock) as driver:
        holds.admit(ledger, driver.environment)
        live = driver.settle().live
        _still_against(live.digest if live else None, request)
        environment = request.release.content.environment
        now = datetime.fromtimestamp(clock.now(), UTC)
        frozen = [freeze.reason for freeze in environment.rollout.freezes if freeze.start <= now < freeze.end]
        reason = frozen[0] if frozen else None
        if request.prepare:
            driver.admit(Kind.DEPLOY, request.release.digest, request)
            lifted = request.lifted
            asked = Requested(clock.now(), Kind.DEPLOY, request.release.digest, frozen=reason, lifted=lifted)
            machine.step(ledger.state(driver.environment), asked)  # refused here, where nothing has been prepared
            request.prepare()
        target.put(request.release)
        return driver.request(Kind.DEPLOY, Terms.of(request.release), request, reason)


def rollback(
    target: Target,
    ledger: Ledger,
    actor: str,
    notify: Notify = print,
    clock: Clock = WALL,
    to: str | None = None,
) -> Receipt:
    """Switches back to the release committed before the live one, or to the digest `to`.

    Takes over from a deployment under way: if that is baking, undoing it is the rollback.
    Raises Refused(NO_STANDBY) when there is nothing to go back to.
    """
    with Driver(target, ledger, actor, "rollback", notify, clock) as driver:
        was = driver.state()
        now = driver.settle(supersede=True)
        if was.phase is not Phase.IDLE and now.verdict is Reason.ROLLED_BACK and now.live == was.origin:
            driver.account(now)
            return driver.receipt(Kind.ROLLBACK)
        return driver.request(Kind.ROLLBACK, target.terms(machine.way_back(now, to)))


def recover(target: Target, ledger: Ledger, actor: str, notify: Notify = print, clock: Clock = WALL) -> State:
    """Finishes or undoes a rollout whose process ended; returns the resulting state."""
    with Driver(target, ledger, actor, "recover", notify, clock) as driver:
        return driver.settle()


class Driver:
    """Holds one lease on one environment for the length of a `with` block."""

    def __init__(self, target: Target, ledger: Ledger, actor: str, kind: str, notify: Notify, clock: Clock) -> None:
        self.target, self.ledger, self.actor, self.kind = target, ledger, actor, kind
        self.notify, self.clock = notify, clock
        self.environment = target.environment
        self.entry: Entry | None = None
        self.machine, self.ours = "", True
        """`ours` says whether the ledger's last entry is of this machine."""
        self.previous: str | None = None
        self.started = clock.now()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.lease = self._acquire()
            renewal = stack.enter_context(leases.Renewal(self.ledger, self.lease))
            self.actions = Actions(self.target, self.lease.token, lambda: renewal.lost, self.notify, self.clock)
            self._fence()
            self.before = self.target.facts()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _acquire(self) -> Lease:
        """Takes the lease; waits for a recovery to finish, refuses any other holder."""
        told = False
        while True:
            try:
                return leases.acquire(self.ledger, self.environment, self.actor, self.kind)
            except Refused:
                held = leases.read(self.ledger, self.environment)
                late = self.clock.now() > self.started + RECOVERY
                if self.kind == "recover" or held is None or held.kind not in BRIEF or late:
                    raise
            if not told and held.kind == "recover":
                self.notify("waiting for the supervisor, which brings to rest what an earlier process left")
            told = True
            self.clock.sleep(0.1)

    def _fence(self) -> None:
        """Fences older processes out; revives a dead supervisor first, so that a rollback stays possible."""
        try:
            self._show_token()
        except Failed as failed:
            served = self.ledger.state(self.environment).live is not None
            if failed.reason is not Reason.NOT_RUNNING or not served:
                raise
            self.notify(f"{failed}; bringing it back")
            self.target.revive()
            self._show_token()

    def _show_token(self) -> None:
        self.machine = self.target.facts().machine
        self.ours = self.ledger.ours(self.environment, self.machine)
        self.target.fence(self.lease.token)

    def state(self) -> State:
        """What the ledger says, with the slots of this machine."""
        return self.ledger.state(self.environment).seen_from(self.target.facts().live)

    def settle(self, supersede: bool = False) -> State:
        """Finishes what another process left, and corrects the ledger where traffic differs from it.

        Only the machine of the last entry corrects: another one follows the ledger, and is waited for. A rollout that
        was left on another machine goes on here as if its release before had the traffic there.
        """
        caught_up(self.target, self.ledger, self.notify, self.clock)
        state, live = self.state(), self.target.facts().live
        self.previous = live.digest if live else None
        if state.phase is Phase.IDLE and (state.live == live or (live is None and elsewhere(self.target, self.ledger))):
            return state  # one that moves is live where it was until this rollout has made it live here
        if state.phase is not Phase.IDLE:
            self.notify(f"taking over a rollout that was {state.phase}")
        kind = Superseded if supersede else Resumed
        at = live if self.ours or state.phase is Phase.IDLE else state.origin or state.live
        return self.run(state, kind(self.clock.now(), at))

    def admit(self, kind: Kind, digest: str, request: Request | None) -> None:
        """Raises Refused(QUARANTINED) for what was taken back, unless it is a way back or was let out by name."""
        if not kind.back and not (request and request.lifted):
            quarantine.refuse(self.ledger, self.environment, digest)

    def request(self, kind: Kind, terms: Terms, request: Request | None = None, frozen: str | None = None) -> Receipt:
        """Runs a request to its end and returns the receipt. Raises Failed with the reason."""
        self.admit(kind, terms.digest, request)
        now = self.clock.now()
        state = self.state()
        event = Requested(
            now,
            kind,
            terms.digest,
            commit=request.commit if request else None,
            plan=request.plan if request else None,
            evidence=request.evidence if request else None,
            warm=self.target.facts().warm(),
            frozen=frozen,
            deadline=now + terms.deadline,
            bake_seconds=terms.bake,
            hotfix=request.hotfix if request else None,
            approved=request.approved if request else (),
            lifted=request.lifted if request else False,
        )
        self.previous = state.live.digest if state.live else None
        self.actions.smoke = request.smoke if request else None
        first, _commands = machine.step(state, event)
        state = self.run(state, event)
        if first.kind is not None:
            self.account(state)
        if state.verdict is not None:
            raise Failed(state.verdict, state.detail, _fix(state, self.previous))
        return self.receipt(first.kind)

    def run(self, state: State, event: Event) -> State:
        """Steps until the state is idle: writes the transition, carries out its command, steps with the event."""
        events = [event]
        while events:
            event = events.pop(0)
            state, commands = machine.step(state, event)
            self.entry = self.ledger.append(self.environment, self.lease.token, self.actor, event, state, self.machine)
            events += [self.actions.act(command, state) for command in commands]
        return state

    def account(self, state: State) -> None:
        """Writes what became of the requests into the ledger. Raises nothing: what was done stands without it."""
        with suppress(MooringError):
            event = Accounted(
                self.clock.now(), **self._counts(), seconds=self._seconds(), switch_ms=self.actions.switch_ms
            )
            self.entry = self.ledger.append(self.environment, self.lease.token, self.actor, event, state, self.machine)

    def _counts(self, now: Facts | None = None) -> dict[str, int]:
        return account(self.before, now or self.target.facts())

    def _seconds(self) -> float:
        return round(self.clock.now() - self.started, 3)

    def receipt(self, kind: Kind | None) -> Receipt:
        """The receipt of what this lease did."""
        newest = self.entry or self.ledger.entries(1, self.environment)[0]
        live = State.read(newest.state).live
        if live is None:
            raise Failed(Reason.PROCESS, f"nothing is live in {self.environment}")
        now = self.target.facts()
        aside = other(live.slot)
        stands_by = self.previous is not None and aside in now.slots and now.slots[aside].digest == self.previous
        return Receipt(
            self.environment,
            kind or "no-op",
            live.digest,
            self.previous,
            live.slot,
            **self._counts(now),
            switch_ms=self.actions.switch_ms,
            seconds=self._seconds(),
            seq=newest.seq,
            hash=newest.hash,
            standby=aside if stands_by else None,
        )


def _still_against(live: str | None, request: Request) -> None:
    """Raises Refused(PLAN_MISMATCH) when something else went live between the plan and the lease."""
    if request.plan is None or live in (request.base, request.release.digest):
        return
    message = f"{short(live) if live else 'nothing'} is live now, which is not what the plan was made against"
    raise Refused(Reason.PLAN_MISMATCH, message, "plan again")


def _fix(state: State, previous: str | None) -> str:
    if state.live is None:
        return "nothing is live yet"
    if state.live.digest == previous:
        return f"{short(state.live.digest)} is live as before"
    return f"{short(state.live.digest)} stays live: there was nothing to go back to"
