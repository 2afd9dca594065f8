"""Which tables are copied together, since they are kept equally long."""

COLLECTIONS: dict[str, tuple[str, ...]] = {
    "conversations": ("conversations", "turns"),
    "memory": ("memories", "tombstones"),
    "runs": ("runs", "parts", "steps", "answers", "spend"),
    "record": ("ledger", "chains", "releases", "evidence", "caller_keys"),
}
"""Tables by collection. `record` is kept for ever."""

OTHERS = "runs"
"""Where a table goes that is named nowhere, so that nothing is left out."""

OWN = frozenset(
    {
        "versions",
        "taken_over",
        "identity",
        "running_code",
        "exports",
        "heartbeats",
        "patrol_checks",
        "patrol_looks",
        "changes",
        "leases",
        "machines",
        "executors",
        "caller_key_changes",
        "spend_batches",
        "samples",
        "chat_events",
        "chat_questions",
        "chat_messages",
        "holds",
        "approval_requests",
        "approvals",
        "pods",
        "kept",
    }
)
"""Tables that are of one database and the processes that use it, and are made anew in another."""


def tables_of(collection: str, there: list[str]) -> list[str]:
    """The tables of a collection, out of those that are there, in their order."""
    named = {table: name for name, tables in COLLECTIONS.items() for table in tables}
    return [table for table in there if table not in OWN and named.get(table, OTHERS) == collection]
