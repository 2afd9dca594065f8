"""Who sends a request: a tenant, by one of its keys or tokens."""

from dataclasses import dataclass

from mooring.spec.access import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's sender. What it begins belongs to its `tenant`, and nobody else can find it.

    `key` names the key. `agents` are those it may call, None for all. An approver may also decide on what runs of its
    tenant wait for; an operator sees metrics and health, and calls no agent. `user` is whom a token is of, "" of a
    key, whose requests say which user they are for.
    """

    tenant: str = ""
    key: str = ""
    agents: frozenset[str] | None = None
    role: Role = "caller"
    user: str = ""

    def may_call(self, agent: str) -> bool:
        """Whether it may call an agent."""
        return self.role != "operator" and (self.agents is None or agent in self.agents)


TOKEN = "token"
"""The name of the key of whoever comes with a token."""

ANYONE = Caller()
"""Sends everything to an environment without `access`, which listens on loopback alone."""
