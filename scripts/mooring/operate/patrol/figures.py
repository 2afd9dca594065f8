"""What a patrol found, as numbers: of a textfile collector and of the monitor."""

from mooring.metrics import PATROL_RUN, PATROL_SECONDS, PATROL_STATE

STATES = {"ok": 0, "warn": 1, "alarm": 2, "unknown": 3}
"""The value of `mooring_patrol_state`, by state."""

HELP = {
    PATROL_STATE: "State of a dependency: 0 ok, 1 warn, 2 alarm, 3 unknown.",
    PATROL_SECONDS: "Duration of the last look at a dependency.",
    PATROL_RUN: "When dependencies were last looked at, Unix time.",
}
