"""What a request passes before it gets to an agent, as the environment says."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mooring.runtime.door.access.gate import Gate
from mooring.runtime.door.access.issuers import Issuers
from mooring.runtime.door.access.keyring import Keyring
from mooring.runtime.door.access.loopback import Loopback
from mooring.runtime.door.access.rates import Rates
from mooring.runtime.runtime import Runtime

RATES = "rates"
"""The folder in which workers share what a slot, tenants and keys have used of their limits."""

_OURS = ("release", "slot", "simulated", "run", "rung", "first-rung", "cached-age", "ticket", "conversation")
_LIMITS = tuple(f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens"))
_EXPOSED = ("retry-after", "location", "idempotent-replayed", *(f"x-mooring-{name}" for name in _OURS), *_LIMITS)


def outside(runtime: Runtime) -> list[Middleware]:
    """The real address of the client, and which web pages may read answers, errors too."""
    serving, stack = runtime.release.content.environment.serving, []
    if serving.trusted_proxies:
        stack.append(Middleware(ProxyHeadersMiddleware, trusted_hosts=[str(one) for one in serving.trusted_proxies]))
    if serving.origins:
        stack.append(
            Middleware(
                CORSMiddleware,
                allow_origins=serving.origins,
                allow_methods=("GET", "POST", "DELETE"),
                allow_headers=("*",),
                expose_headers=_EXPOSED,
            )
        )
    return stack


def guard(runtime: Runtime) -> Middleware:
    """Who may call at all. What it refuses is no request of the slot's, whose errors decide on its release."""
    environment, settings = runtime.release.content.environment, runtime.settings
    serving, access = environment.serving, environment.access
    if access is None:
        return Middleware(Loopback, origins=serving.origins, proxied=bool(serving.trusted_proxies))
    share = max(1, serving.max_in_flight // 2) if len(access.tenants) > 1 else None
    return Middleware(
        Gate,
        keyring=Keyring(access, runtime.keys, settings.environ),
        issuers=Issuers(access, lambda: runtime.client),
        rates=Rates(
            runtime.spend,
            share,
            shared=settings.state / RATES if settings.workers > 1 else None,
            peers=settings.peers,
        ),
        refused=lambda code: runtime.metrics.refused.labels(code).inc(),
    )
