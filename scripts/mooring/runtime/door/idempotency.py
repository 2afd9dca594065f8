"""`Idempotency-Key`: the same key gives the same run, so that a client can ask again without asking twice.

The name of the run is made of the tenant and the key, so that whichever slot is asked finds it, also after a restart.
A key is known as long as its run is kept: from its beginning as many days as the longest `memory.archiveDays` of the
release where the agent has checkpoints, and 7 days after its last change where it has none. A run that failed is given
again like any other; a request that was refused before its run began uses up no key, and who deletes a
response frees its key.

Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
import json
import re
from dataclasses import dataclass

from starlette.requests import Request

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.calling import caller_of
from mooring.runtime.door.parse import sent
from mooring.runtime.memory.store import StoredRun

HEADER = "idempotency-key"

REPLAYED = {"idempotent-replayed": "true"}
"""Headers of an answer that an earlier request had, too."""

_KEY = re.compile(r"[ -~]{1,255}")
_DIGITS = 32


@dataclass(frozen=True)
class Once:
    """What a key stands for: the name of its run, and a digest of the path and the body that were sent with it."""

    run: str
    digest: str

    def check(self, run: StoredRun) -> None:
        """Raises Problem when the run was begun by another request."""
        if run.data.get("origin", {}).get("request") != self.digest:
            words = "this Idempotency-Key was used for another request: use a new one"
            raise Problem("idempotency_conflict", words, HEADER)


def once(request: Request) -> Once | None:
    """What the key of a request, whose body was parsed, stands for; None without a key. Raises Problem."""
    keys = request.headers.getlist(HEADER)
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0].strip()):
        raise Problem("invalid_request", "an Idempotency-Key has 1 to 255 printable characters", HEADER)
    asked = [request.url.path.rstrip("/"), sent(request)]
    name = json.dumps([caller_of(request).tenant, keys[0].strip()])
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode())
    return Once(f"run_{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}", digest.hexdigest())
