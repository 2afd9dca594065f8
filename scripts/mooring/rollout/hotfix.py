"""Hotfixes: the live release with a few values changed, for a while, and the way back when the time is over.

A hotfix passes the gates that do not take long: readiness, probes and the bake. It needs no evidence, no guard looks at
it, and no freeze holds it. Each patch has an end of its own; where several are in force, the others stay.
"""

from typing import TYPE_CHECKING

from mooring.errors import Failed, MooringError, Refused
from mooring.outcome import Reason
from mooring.rollout.actions import Notify
from mooring.rollout.driver import Driver, Request
from mooring.rollout.follow import WALL
from mooring.rollout.ledger import Ledger
from mooring.rollout.patches import Hotfix, Patch
from mooring.rollout.receipt import Receipt
from mooring.rollout.state import Kind, State
from mooring.rollout.target import Clock, Target, Terms

if TYPE_CHECKING:
    from mooring.release.release import Release


def hotfix(
    target: Target, ledger: Ledger, patch: Patch, notify: Notify = print, clock: Clock = WALL
) -> tuple[Receipt, Hotfix | None]:
    """Makes the live release with a patch live; the hotfix is None when the patch takes back all that others did.

    Raises Refused(LOCKED) during a rollout, Refused(STALE) when nobody deployed what is live, UsageError or
    FindingsError for a patch that does not fit.
    """
    with Driver(target, ledger, patch.owner, "hotfix", notify, clock) as driver:
        state = driver.settle()
        base, patches = _in_force(state, clock.now())
        found = _request(driver, base, (*patches, patch))
        return found, driver.ledger.state(driver.environment).hotfix


def expire(target: Target, ledger: Ledger, actor: str, notify: Notify = print, clock: Clock = WALL) -> Receipt | None:
    """Takes the patches back whose time is over; None when there are none.

    What is left of a hotfix stays, unless it does not work without what went. Raises like `deploy`.
    """
    # As a recovery: a deployment waits for it.
    with Driver(target, ledger, actor, "recover", notify, clock) as driver:
        state = driver.settle()
        if state.hotfix is None or not state.hotfix.over(clock.now()):
            return None
        base, patches = _in_force(state, clock.now())
        try:
            _patched(driver, base, patches)
        except MooringError as error:
            notify(f"what is left of the hotfix does not work alone: {error}")
            patches = ()
        return _request(driver, base, patches)


def give_back(
    target: Target, ledger: Ledger, actor: str, to: str, notify: Notify = print, clock: Clock = WALL
) -> Receipt:
    """Goes back to a release that was deployed from git. Nothing is quarantined. Raises like `rollback`."""
    with Driver(target, ledger, actor, "return", notify, clock) as driver:
        driver.settle()
        return driver.request(Kind.RETURN, target.terms(to))


def _in_force(state: State, now: float) -> tuple[str, tuple[Patch, ...]]:
    """The digest that came from git, and the patches on it whose time is not over."""
    if state.hotfix:
        return state.hotfix.base, state.hotfix.left(now)
    if state.live is None:
        raise Failed(Reason.NOT_RUNNING, "nothing is live yet, so there is nothing to change", "deploy first")
    if state.trail[-1:] != (state.live.digest,):
        message = f"nobody deployed {state.live.digest}, which is live"
        raise Refused(Reason.STALE, message, "moor drift shows what happened; deploy first")
    return state.live.digest, ()


def _patched(driver: Driver, base: str, patches: tuple[Patch, ...]) -> "Release":
    from mooring.release.patch import patched

    release = driver.target.release(base)
    for patch in patches:
        release = patched(release, patch.kind, patch.name, patch.values)
    return release


def _request(driver: Driver, base: str, patches: tuple[Patch, ...]) -> Receipt:
    release = _patched(driver, base, patches)
    if release.digest == base:
        return driver.request(Kind.RETURN, Terms.of(release))
    driver.target.put(release)
    made = Hotfix(release.digest, base, patches)
    return driver.request(Kind.HOTFIX, Terms.of(release), Request(release, driver.actor, hotfix=made))
