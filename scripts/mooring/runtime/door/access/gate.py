"""The gate: nobody gets to an agent without a key or a token that is good for it, nor beyond its limits."""

from collections.abc import Callable, Iterable

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mooring.runtime.core.caller import Caller
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant
from mooring.runtime.door.access.issuers import Issuers
from mooring.runtime.door.access.keyring import Keyring
from mooring.runtime.door.access.pacing import Pacing
from mooring.runtime.door.access.rates import Admitted, Rates
from mooring.runtime.door.calling import ADMITTED, CALLER
from mooring.runtime.door.middleware import discarded, reply
from mooring.runtime.watch.accounting import below

PROBES = ("/livez", "/readyz", "/startupz")
"""Answered to everybody, without reasons and details."""

OPERATORS = ("/metrics", "/healthz")
"""These, and what is below them."""

DESCRIPTION = "/openapi.json"

IN_QUERY = {"key", "api_key", "api-key", "apikey", "access_token", "token", "authorization"}
"""Names of parameters that would hold a key."""

NOBODY = Caller(agents=frozenset())


class Gate:
    """ASGI middleware. Refusals of one source are paced, so that a flood of them slows nobody else."""

    def __init__(
        self, app: ASGIApp, keyring: Keyring, issuers: Issuers, rates: Rates, refused: Callable[[str], None]
    ) -> None:
        self.app = app
        self._keyring, self._issuers, self._rates, self._refused = keyring, issuers, rates, refused
        self._pacing = Pacing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        source = f"address {(scope.get('client') or ('', 0))[0]}"
        admitted = None
        try:
            grant = await self._granted(scope)
            scope[CALLER] = grant.caller if grant else NOBODY
            if grant is not None and grant.caller.role != "operator":
                source = f"tenant {grant.caller.tenant}"
                admitted = self._rates.enter(grant)
        except Problem as problem:
            self._refused(problem.code)
            return await self._refuse(problem, source, scope, receive, send)
        if admitted is None:
            return await self.app(scope, receive, send)
        return await self._admit(admitted, scope, receive, send)

    async def _granted(self, scope: Scope) -> Grant | None:
        """What the sender may do; None for a stranger where strangers may be. Raises Problem."""
        path, query = scope["path"].rstrip("/"), QueryParams(scope["query_string"])
        if IN_QUERY & {name.lower() for name in query}:
            words = "a key does not belong into a URL, which logs keep; send it as a bearer token, and replace it"
            raise Problem("key_in_query", words)
        details = path in PROBES and bool({"verbose", "exclude"} & query.keys())
        bearer = _bearer(scope["headers"])
        if bearer is None and path in PROBES and not details:
            return None
        grant = await self._found(bearer) if bearer else None
        if grant is None:
            raise Problem("invalid_api_key", "send a key or token that works here, as a bearer token")
        operator = grant.caller.role == "operator"
        if (details or below(path, OPERATORS)) and not operator:
            raise Problem("operator_required", "this needs an operator's key")
        if operator and not below(path, (*OPERATORS, *PROBES, DESCRIPTION)):
            raise Problem("operator_refused", "an operator's key calls no agent, and sees nothing of tenants")
        return grant

    async def _refuse(self, problem: Problem, source: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with an error when it is the source's turn; a client that leaves meanwhile gets none."""
        if any(name == b"expect" for name, _ in scope["headers"]) or not await discarded(receive):
            return await reply(problem)(scope, receive, send)
        if not self._pacing.room:
            problem.headers["connection"] = "close"
        elif await self._pacing.wait(source, receive):
            return None
        return await reply(problem)(scope, receive, send)

    async def _found(self, bearer: str) -> Grant | None:
        if self._issuers.looks_like_one(bearer):
            return await self._issuers.find(bearer)
        return self._keyring.find(bearer)

    async def _admit(self, admitted: Admitted, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ADMITTED] = admitted
        more = [(name.encode(), value.encode()) for name, value in admitted.headers.items()]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        try:
            await self.app(scope, receive, told if more else send)
        finally:
            admitted.leave()


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The one bearer's token of a request; None without a header, "" when there are several or it is no bearer's."""
    sent = [value for name, value in headers if name == b"authorization"]
    if not sent:
        return None
    kind, _, token = sent[0].decode("latin-1").partition(" ")
    token = token.strip()
    return token if len(sent) == 1 and kind.lower() == "bearer" and token.isascii() else ""
