"""Who may approve: with `access`, an approver of the run's tenant; without, whoever holds the approval key.

Without either, anybody in development and nobody elsewhere.

Approval guards against the model acting alone; the key guards against the client approving its own wish.
"""

from hmac import compare_digest

from starlette.requests import Request

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.calling import caller_of
from mooring.runtime.runtime import Runtime

KEY = "MOORING_APPROVAL_KEY"
"""The environment variable that holds the key; it is sent as a bearer token."""


def authorise(request: Request, runtime: Runtime) -> None:
    """Raises Problem when the request may neither approve nor deny."""
    if runtime.release.content.environment.access is not None:
        if caller_of(request).role != "approver":
            raise Problem("approval_forbidden", "this needs a key of an approver: moor keys create --role approver")
        return
    key = runtime.settings.environ.get(KEY)
    if not key:
        if runtime.release.content.environment.tier != "development":
            raise Problem("approval_forbidden", f"nobody can approve here until {KEY} is set")
        return
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not compare_digest(sent.encode(), key.encode()):
        raise Problem("approval_unauthorized", "approving needs the approval key as a bearer token")
