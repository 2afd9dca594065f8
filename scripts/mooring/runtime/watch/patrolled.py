"""What a patrol found, as metrics: names, labels, and the numbers of states."""

PATROL_STATE = "mooring_patrol_state"
PATROL_SECONDS = "mooring_patrol_seconds"
PATROL_RUN = "mooring_patrol_last_run_timestamp_seconds"

CHECK, KIND, ENVIRONMENT = "check", "kind", "environment"

STATE_NUMBERS = {"ok": 0, "warn": 1, "alarm": 2, "unknown": 3}
"""The value of `mooring_patrol_state`, by state."""

HELP = {
    PATROL_STATE: "State of a dependency: 0 ok, 1 warn, 2 alarm, 3 unknown.",
    PATROL_SECONDS: "Duration of the last look at a dependency.",
    PATROL_RUN: "When dependencies were last looked at, Unix time.",
}
