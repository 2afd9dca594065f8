"""Structured logs: one JSON object a line, with run ids, without user text or secrets.

What a user wrote and an agent answered is in no log unless MOORING_LOG_CONTENT=1; what looks like a secret never is.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from mooring.catalog.secrets import masked

LOGGER = logging.getLogger("mooring.runtime")

CONTENT = "MOORING_LOG_CONTENT"
"""The environment variable that lets text of users and agents into the logs."""

_LONGEST = 500
"""Characters that are kept of a line from another library."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record as one JSON line; what `extra=` named becomes fields, after those that every line has."""

    def __init__(self, always: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._always = dict(always or {})

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment, "level": record.levelname.lower(), "event": _event(record)}
        if not _ours(record):
            line["logger"] = record.name
        line |= self._always
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _innermost(record)
        return json.dumps(_masked(line), default=lambda value: masked(str(value)))


def allowed(environ: Mapping[str, str]) -> bool:
    """Whether text of users and agents may be logged."""
    return environ.get(CONTENT) == "1"


def configure(stream: TextIO = sys.stderr, always: Mapping[str, Any] | None = None) -> None:
    """Sends the logs of this process to `stream` as JSON lines. Called once, by the process that hosts the app.

    The fields of `always` are in every line.

    An exception that nobody caught becomes such a line too: its message may quote what a user wrote.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(always))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    LOGGER.setLevel(logging.INFO)
    sys.excepthook = lambda *error: LOGGER.critical("crashed", exc_info=error)
    threading.excepthook = lambda thread: LOGGER.critical(
        "thread crashed", exc_info=(thread.exc_type, thread.exc_value or thread.exc_type(), thread.exc_traceback)
    )


def _ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] == "mooring"


def _event(record: logging.LogRecord) -> str:
    """Libraries put exceptions below their first line, with words that may be a user's."""
    text = record.getMessage()
    return text if _ours(record) else (text.splitlines() or [""])[0][:_LONGEST]


def _masked(value: Any) -> Any:
    match value:
        case str():
            return masked(value)
        case dict():
            return {name: _masked(each) for name, each in value.items()}
        case list() | tuple():
            return [_masked(each) for each in value]
    return value


def _innermost(record: logging.LogRecord) -> str:
    """Where an exception was raised. Its message stays out: it may quote what a user wrote."""
    trace = record.exc_info[2] if record.exc_info else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
