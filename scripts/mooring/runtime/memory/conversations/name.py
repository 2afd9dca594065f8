"""Names of conversations."""

import re
import secrets

from mooring.runtime.core.problems import Problem

NEW = "new"
"""The name that asks for a new conversation."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def scoped(tenant: str, name: str) -> str:
    """The name under which a tenant's conversation is kept: the same name of another tenant is another conversation."""
    return f"{tenant}/{name}" if tenant else name


def own(run: str) -> str:
    """The name of the conversation that a run begins by itself."""
    return f"conv_{run.partition('_')[2]}"


def named(name: str | None) -> str | None:
    """The conversation that a request names; "new" makes up one that nobody can guess. Raises Problem."""
    if name is None:
        return None
    if name == NEW:
        return f"conv_{secrets.token_urlsafe(24)}"
    if not NAME.fullmatch(name):
        words = "a conversation's name has 1 to 64 letters, digits, - and _"
        raise Problem("invalid_request", words, "conversation")
    return name
