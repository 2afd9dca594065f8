"""Makes live on this machine what the ledger says is live: another machine deployed it, or this one is new."""

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.actions import Actions, Notify, short
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import BLUE, Command, Phase, Probe, Side, Stage, State, Stumbled, Switch, other
from mooring.rollout.target import Clock, Facts, Target, Wall

WALL = Wall()

PATIENCE = 120.0
"""Seconds that a rollout waits until this machine has what is live."""

LOOK = 0.1
"""Seconds between two looks meanwhile."""


def behind(state: State, facts: Facts) -> str | None:
    """The digest that is live by the ledger and not here; None while a rollout is under way, and where none is."""
    if state.phase is not Phase.IDLE or state.live is None:
        return None
    here = facts.live.digest if facts.live else None
    return None if here == state.live.digest else state.live.digest


def elsewhere(target: Target, ledger: Ledger) -> str | None:
    """The digest that is live by the ledger, where it was made for another target: the environment is about to move."""
    live = ledger.state(target.environment).live
    return live.digest if live and not target.belongs(live.digest) else None


def follow(target: Target, ledger: Ledger, notify: Notify = print, clock: Clock = WALL) -> Side | None:
    """Stages, probes and switches to the release that is live by the ledger; None when it is live here.

    Writes nothing to the ledger and takes no lease. A rollout that begins on this machine has a newer token than what
    was read here before the ledger, and so fences this out. Raises Stopped; what was live here stays so then.
    """
    facts = target.facts()
    digest = behind(ledger.state(target.environment), facts)
    if digest is None or not target.belongs(digest):
        return None
    rollout = target.release(digest).content.environment.rollout
    side = Side(other(facts.live.slot) if facts.live else BLUE, digest)
    notify(f"{short(digest)} was made live by another machine")
    actions = Actions(target, facts.token, lambda: False, notify, clock, revives=False)
    state = State(deadline=clock.now() + rollout.deadline_seconds)
    steps: tuple[Command, ...] = (Stage(side), Probe(side, questions=True), Switch(side))
    for command in steps:
        event = actions.act(command, state)
        if isinstance(event, Stumbled):
            raise Failed(event.reason, event.detail)
    return side


def caught_up(target: Target, ledger: Ledger, notify: Notify = print, clock: Clock = WALL) -> None:
    """Waits until this machine has what another one made live. Refused(STALE) after PATIENCE seconds."""
    if ledger.ours(target.environment, target.facts().machine) or elsewhere(target, ledger):
        return
    end, told = clock.now() + PATIENCE, False
    while digest := behind(ledger.state(target.environment), target.facts()):
        if clock.now() > end:
            raise Refused(
                Reason.STALE,
                f"{short(digest)} is live in {target.environment}, and this machine cannot follow",
                f"moor status {target.environment} and moor logs {target.environment} supervisor say why",
            )
        if not told:
            notify(f"waiting until this machine has {short(digest)}, which another one made live")
        told = True
        clock.sleep(LOOK)
