"""A grant: what one key or token allows."""

from dataclasses import dataclass

from mooring.runtime.core.caller import Caller
from mooring.spec.access import Access, Limits, Role

UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Grant:
    """The caller, the limits of its key and of its tenant, and when it ends (Unix time)."""

    caller: Caller
    key: Limits = UNLIMITED
    tenant: Limits = UNLIMITED
    ends: float | None = None


def grant(
    access: Access,
    name: str,
    tenant: str | None,
    role: Role = "caller",
    agents: tuple[str, ...] | None = None,
    limits: Limits | None = None,
    ends: float | None = None,
    user: str = "",
) -> Grant | None:
    """The grant of a key of a tenant, or of a token of its `user`; None when there is no such tenant any more."""
    if tenant is None:
        return Grant(Caller("", name, frozenset(), "operator"), ends=ends) if role == "operator" else None
    owner = access.tenant(tenant)
    if owner is None or role == "operator":
        return None
    allowed = [frozenset(names) for names in (agents, owner.agents) if names is not None]
    both = frozenset.intersection(*allowed) if allowed else None
    return Grant(Caller(tenant, name, both, role, user), limits or UNLIMITED, owner.limits, ends)
