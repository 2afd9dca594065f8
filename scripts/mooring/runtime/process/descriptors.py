"""How many files and sockets this process may have open at once."""

import resource

SPARE = 128
"""For files, databases, pipes and whatever is opened once."""

PER_REQUEST = 3
"""Sockets that a request may hold besides its client's: to a model, to the next one, and to a tool."""

FEWEST = 16


def connections_allowed(wanted: int, requests: int) -> int:
    """How many of the `wanted` connections there can be with so many requests at once.

    Raises this process's limit on open files as far as permitted.
    """
    spare = SPARE + PER_REQUEST * requests
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + spare:
        soft = wanted + spare if hard == resource.RLIM_INFINITY else min(wanted + spare, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(FEWEST, min(wanted, soft - spare))
