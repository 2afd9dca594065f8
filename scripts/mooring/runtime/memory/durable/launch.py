"""Starts and ends DBOS, without what it would do by itself: call home, log what users wrote, pickle."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, Serializer

STATE_VERSION = "mooring-1"
"""Raised only when a run of an older version cannot be resumed. The state folder's name is added to it."""

ADOPTED, SUSPECTS, TICKETS = "mooring-adopted", "mooring-suspects", "mooring-tickets"
"""Queues: of runs whose process died, of those that may be the reason (one at a time), and of questions for later."""

_QUEUES: dict[str, dict[str, Any]] = {
    ADOPTED: {"polling_interval_sec": 0.2, "worker_concurrency": 64},
    SUSPECTS: {"polling_interval_sec": 0.5, "global_concurrency": 1},
    TICKETS: {"polling_interval_sec": 1.0, "worker_concurrency": 8},
}
_THREADS = 16


class Json(Serializer):
    """JSON, and nothing that runs when it is read. What is no JSON value, such as an error, becomes its text."""

    def name(self) -> str:
        return "mooring-json"

    def serialize(self, data: Any) -> str:
        return json.dumps(data, separators=(",", ":"), default=str)

    def deserialize(self, serialized_data: str) -> Any:
        return json.loads(serialized_data)


async def launch(url: str, engine: sa.Engine, executor: str, version: str) -> None:
    """Opens the database, in the very loop that is to run the workflows. Raises anything."""
    config: DBOSConfig = {
        "name": "mooring",
        "system_database_engine": engine,
        "system_database_url": url,
        "application_version": version,
        "executor_id": executor,
        "serializer": Json(),
        "enable_otlp": False,
        "log_level": "CRITICAL",
        "max_executor_threads": _THREADS,
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": 0.5,
        "scheduler_polling_interval_sec": 3600.0,
    }
    DBOS(config=config)
    DBOS.launch()
    await declare()


async def declare() -> None:
    """Makes the queues, in a new database or an old one."""
    for name, options in _QUEUES.items():
        await DBOS.register_queue_async(name, on_conflict="always_update", **options)


async def let_go() -> None:
    """Ends DBOS. In a thread of its own, since those of the loop are DBOS' and end with it."""
    with ThreadPoolExecutor(1) as thread:
        await asyncio.get_running_loop().run_in_executor(thread, DBOS.destroy)
