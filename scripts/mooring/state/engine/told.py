"""What of a database's error may be told, and whether trying again can help."""

import re

import sqlalchemy as sa

from mooring.state.unavailable import IN_THE_WAY

UNREACHABLE = "the database cannot be reached"

_STATES = {
    "53100": ("the database's disk is full", "make room on it"),
    "53200": ("the database has no memory left", ""),
    "53300": ("PostgreSQL takes no more connections", "raise max_connections, or put a pool in front of it"),
    "55P03": ("another transaction holds what this one needs", ""),
    "57014": ("the statement took too long", ""),
    "57P01": (UNREACHABLE, ""),
    "57P02": (UNREACHABLE, ""),
    "57P03": (UNREACHABLE, ""),
    "25006": ("the database is read-only", "name the primary, or add ?target_session_attrs=read-write to its URL"),
}
"""What SQLSTATEs mean, and what to do. The rest are told in PostgreSQL's words."""

_REFUSALS = {
    r"password authentication failed|no password supplied": (
        "PostgreSQL refuses the user or the password",
        "mend the URL in the variable",
    ),
    r'database ".*" does not exist': ("PostgreSQL has no such database", "create it, or mend the URL in the variable"),
    r'role ".*" does not exist': ("PostgreSQL has no such user", "create it, or mend the URL in the variable"),
    r"pg_hba\.conf": ("PostgreSQL lets this user in from here by no rule", "add a line to its pg_hba.conf"),
    r"too many clients|remaining connection slots|too many connections": _STATES["53300"],
    r"session is (read-only|not read-write)|server is in hot standby": ("no host of the URL can be written to", ""),
    r"permission denied for database": ("the user may not connect to this database", "grant connect on it"),
    r"SSL|certificate": ("no secure connection to PostgreSQL", "mend sslmode and sslrootcert in the URL"),
}
"""What PostgreSQL says when it refuses a connection. Its own words name users and addresses."""

_FILES = {
    "not a database": ("the file is not a database", "restore a copy of it, or move it away to begin anew"),
    "malformed": ("the database file is damaged", "restore a copy of it, or move it away to begin anew"),
    "is full": ("the disk is full", "make room on it"),
    "readonly database": ("the database file cannot be written to", "make the state folder writable"),
    "unable to open": ("the database file cannot be opened", "make the state folder yours"),
    "disk i/o error": ("the disk fails", "see what the system's log says of it"),
}


def told(error: Exception) -> tuple[str, str]:
    """(what happened, what to do): no statement, value or address. PostgreSQL has values in later lines."""
    if isinstance(error, sa.exc.TimeoutError):
        return "all connections to the database are in use", ""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    words = str(cause)
    state = getattr(cause, "sqlstate", "")
    if state in _STATES:
        return _STATES[state]
    if isinstance(error, sa.exc.OperationalError) and state is None:
        return _matching(_REFUSALS, words) or (UNREACHABLE, "")
    plain = " ".join(words.split("\n")[0].split())[:160] or type(error).__name__
    return (_matching(_FILES, words) if state == "" else None) or (plain, "")


def again(error: Exception, committing: bool) -> bool:
    """Whether the whole transaction may be done again at once. One that broke in its commit may have been done."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if getattr(error.orig, "sqlstate", "") in IN_THE_WAY:
        return True
    return error.connection_invalidated and not committing


def _matching(known: dict[str, tuple[str, str]], words: str) -> tuple[str, str] | None:
    return next((said for pattern, said in known.items() if re.search(pattern, words, re.IGNORECASE)), None)
