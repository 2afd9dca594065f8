"""Who answers for each model provider of an environment: the provider itself, or the simulator."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

SIMULATED = "simulated"
"""As endpoints and as the URL of a service: answered by the simulator on this machine."""

REAL = "real"

Endpoint = Literal["simulated", "real"]
Provider = Annotated[str, StringConstraints(min_length=1)]


def _checked(value: Any, read: Any) -> Any:
    """One error for a value that is neither: a union would report one for each of its members."""
    try:
        return read(value)
    except ValidationError:
        pass
    if isinstance(value, Mapping) and value:
        wrong = next((str(name) for name, one in value.items() if one not in (SIMULATED, REAL)), "")
        where = f"of `{wrong}` " if wrong else ""
        raise PydanticCustomError("endpoints", "the endpoint {where}must be `simulated` or `real`", {"where": where})
    raise PydanticCustomError("endpoints", "must be `simulated`, `real`, or one of the two for each provider")


Endpoints = Annotated[
    Endpoint | Annotated[dict[Provider, Endpoint], Field(min_length=1)],
    WrapValidator(_checked),
]
"""One word for all providers, or one for each: `{openai: real, anthropic: simulated}`."""


def endpoint_of(endpoints: str | Mapping[str, str], provider: str) -> str:
    """`simulated` or `real`. A provider that a mapping does not name is real: nothing is played that nobody asked for.

    Takes endpoints as plain JSON too, for those who read a release without its models.
    """
    return endpoints if isinstance(endpoints, str) else endpoints.get(provider, REAL)


def any_simulated(endpoints: str | Mapping[str, str]) -> bool:
    """Whether the simulator answers for any provider."""
    return endpoints == SIMULATED if isinstance(endpoints, str) else SIMULATED in endpoints.values()


def any_real(endpoints: str | Mapping[str, str]) -> bool:
    """Whether any provider is asked itself."""
    return endpoints == REAL if isinstance(endpoints, str) else REAL in endpoints.values()


def by_provider(endpoints: str | Mapping[str, str], providers: Iterable[str]) -> dict[str, str]:
    """The endpoint of each of these providers, by name in their order."""
    return {name: endpoint_of(endpoints, name) for name in sorted(set(providers))}
