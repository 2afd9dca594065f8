"""Metrics of an environment as a whole, which its monitor adds to those that its processes have: see telemetry.py."""

SLOT, RELEASE = "slot", "release"
"""Labels of every series of a slot; a release is named by the first 12 hexadecimal digits of its digest."""

UP = "mooring_up"
LIVE = "mooring_live_info"
SUPERVISOR_UP = "mooring_supervisor_up"
DATABASE_UP = "mooring_database_up"

SWITCHES = "mooring_switches"
RESTARTS = "mooring_restarts"
LOST = "mooring_lost_requests"

LEASE_HELD = "mooring_lease_held"
QUARANTINED = "mooring_quarantined"
HOTFIXES = "mooring_hotfixes"
LAST_SWITCH = "mooring_last_switch_timestamp_seconds"
LAST_COPY = "mooring_last_copy_timestamp_seconds"
LAST_PROOF = "mooring_last_proof_timestamp_seconds"
JOB_LATE = "mooring_job_late"

PATROL_STATE = "mooring_patrol_state"
PATROL_SECONDS = "mooring_patrol_seconds"
OBJECTIVE_VALUE = "mooring_objective_value"
OBJECTIVE_BUDGET = "mooring_objective_budget_ratio"

HELP = {
    UP: "1 while a worker of a slot is ready and accepts.",
    LIVE: "The slot that has the traffic, its release and the commit of that.",
    SUPERVISOR_UP: "1 while the supervisor answers.",
    DATABASE_UP: "1 while the environment's database can be read.",
    SWITCHES: "Times that a slot was given the traffic.",
    RESTARTS: "Ends of a slot's processes that nobody wanted.",
    LOST: "Requests that were in flight in a slot's processes when these ended.",
    LEASE_HELD: "1 while somebody may change the environment, such as by a deployment.",
    QUARANTINED: "1 while a release is quarantined.",
    HOTFIXES: "Changes beside git that are in force.",
    LAST_SWITCH: "When a slot was last given the traffic, Unix time.",
    LAST_COPY: "When the state was last copied as a whole, Unix time.",
    LAST_PROOF: "When a copy was last proved by a restore, Unix time.",
    JOB_LATE: "1 while a scheduled job has not reported for two of its periods.",
    PATROL_STATE: "What a check of the patrol found last: 0 ok, 1 warn, 2 alarm, 3 unknown.",
    PATROL_SECONDS: "How long a check of the patrol took.",
    OBJECTIVE_VALUE: "What an objective measures, over its window.",
    OBJECTIVE_BUDGET: "What is left of an objective's error budget, 0 to 1.",
}
"""Counters are without the `_total` that they are shown with."""
