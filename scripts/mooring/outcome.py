"""How a command ends: a closed list of reasons, and the one mapping from reasons to exit codes."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Exit:
    """Process exit codes."""

    DONE = 0
    STOPPED = 1
    USAGE = 2
    CRASH = 3
    INTERRUPTED = 130


class Reason(StrEnum):
    """Why a command ended as it did. Closed: contract tests hold code and documentation together."""

    # done
    VALID = "valid"
    PLANNED = "planned"
    IN_SYNC = "in-sync"
    DEPLOYED = "deployed"
    ROLLED_BACK = "rolled-back"
    REPORTED = "reported"
    CHANGED = "changed"
    EVALUATED = "evaluated"
    EXPORTED = "exported"
    VERIFIED = "verified"
    RESTORED = "restored"
    TOLERATED = "tolerated"
    # stopped before anything changed
    FINDINGS = "findings"
    EMPTY_SET = "empty-set"
    GUARDED = "guarded"
    PLAN_MISMATCH = "plan-mismatch"
    LOCKED = "locked"
    FROZEN = "frozen"
    QUARANTINED = "quarantined"
    DIRTY_TREE = "dirty-tree"
    NO_STANDBY = "no-standby"
    TAMPERED = "tampered"
    NOT_RUNNING = "not-running"
    STALE = "stale"
    MISSED = "missed"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    NO_EVIDENCE = "no-evidence"
    CONFLICTS = "conflicts"
    OCCUPIED = "occupied"
    CLOCK_SKEW = "clock-skew"
    DRIFTED = "drifted"
    ALARMED = "alarmed"
    UNKNOWN = "unknown"
    CONTESTED = "contested"
    # stopped on the way, and undone
    NOT_READY = "not-ready"
    PROBE_FAILED = "probe-failed"
    BAKE_FAILED = "bake-failed"
    DEADLINE = "deadline"
    FENCED = "fenced"
    PORT_IN_USE = "port-in-use"
    STORAGE = "storage"
    PROCESS = "process"
    DESTINATION = "destination"
    # neither done nor stopped
    USAGE = "usage"
    CRASH = "crash"
    INTERRUPTED = "interrupted"


DONE = frozenset(
    {
        Reason.VALID,
        Reason.PLANNED,
        Reason.IN_SYNC,
        Reason.DEPLOYED,
        Reason.ROLLED_BACK,
        Reason.REPORTED,
        Reason.CHANGED,
        Reason.EVALUATED,
        Reason.EXPORTED,
        Reason.VERIFIED,
        Reason.RESTORED,
        Reason.TOLERATED,
    }
)


EXITS = {Reason.USAGE: Exit.USAGE, Reason.CRASH: Exit.CRASH, Reason.INTERRUPTED: Exit.INTERRUPTED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command returns to be rendered: `data` is JSON-able and is all that `--json` prints."""

    reason: Reason
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return Exit.DONE if self.ok else EXITS.get(self.reason, Exit.STOPPED)

    @property
    def ok(self) -> bool:
        return self.reason in DONE
