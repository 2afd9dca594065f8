"""Faults on demand: what goes wrong, for whom, how often."""

import math
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from mooring.simulator.rules import Pattern
from mooring.spec.document import Part, Rate

Kind = Literal[
    "status",
    "retry-after",
    "latency",
    "hang",
    "cut-stream",
    "truncated",
    "unfinished",
    "empty",
    "malformed",
    "wrong-content",
]


class Fault(Part):
    """One fault. Without `model`, `provider` and `service` it hits every model and every service.

    status: answers `status`. retry-after: 429 with `Retry-After: seconds`. latency: answers `seconds` late.
    hang: never answers. cut-stream: breaks the connection in the middle of the answer. truncated: half of an answer,
    which says so. unfinished: an answer that ends without a reason. empty: an answer that says nothing. malformed: a
    body that is no JSON. wrong-content: a well-formed answer that says `content` instead.
    """

    kind: Kind
    model: Pattern | None = Field(default=None, description="A regular expression searched in the model's id.")
    provider: str | None = Field(default=None, description="A provider of the rule files, such as openai.")
    service: str | None = Field(default=None, description="A service of the simulated world.")
    rate: Rate = 1
    count: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Ends after so many hits.")
    for_seconds: Annotated[float, Field(gt=0, le=86400)] | None = Field(default=None, description="Ends after a time.")
    status: Annotated[int, Field(ge=400, le=599)] = 503
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1
    content: str = "I like turtles."
    seed: int = 0

    @model_validator(mode="after")
    def _one_target(self) -> "Fault":
        if self.service is not None and (self.model is not None or self.provider is not None):
            raise ValueError("a fault is for models or for a service, not for both")
        return self

    def hits(self, call: "Call") -> bool:
        """Whether the fault is meant for this call; chance apart."""
        if self.service is not None or call.service is not None:
            targeted = self.model is not None or self.provider is not None
            return call.service is not None and self.service in (None, call.service) and not targeted
        if self.provider is not None and self.provider != call.provider:
            return False
        return self.model is None or re.search(self.model, call.model) is not None


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(Annotated[list[Fault], BeforeValidator(_as_list)])
"""The body of `PUT` and `POST /faults`: one fault or a list."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who is called: a model of a provider, or a service."""

    model: str = ""
    provider: str = ""
    service: str | None = None


@dataclass(slots=True)
class _Active:
    fault: Fault
    chance: random.Random
    until: float
    hits: int = 0


@dataclass(slots=True)
class Board:
    """The faults that are on. Not thread-safe: one event loop asks it. `clock` returns seconds."""

    active: list[_Active] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic

    def replace(self, faults: list[Fault]) -> None:
        """These faults, and no others; counts and the random sequence start again."""
        self.active = []
        self.add(faults)

    def add(self, faults: list[Fault]) -> None:
        """These faults too, after those that are on."""
        now = self.clock()
        self.active += [
            _Active(fault, random.Random(fault.seed), now + (fault.for_seconds or math.inf))  # noqa: S311 - a die
            for fault in faults
        ]

    def draw(self, call: Call) -> Fault | None:
        """The first fault that strikes this call; counts it."""
        for active in self._lasting():
            fault = active.fault
            spent = fault.count is not None and active.hits >= fault.count
            if not spent and fault.hits(call) and active.chance.random() < fault.rate:
                active.hits += 1
                return fault
        return None

    def data(self) -> list[dict[str, Any]]:
        """What is on, how often each fault has struck, and how long it still lasts."""
        now = self.clock()
        return [
            active.fault.model_dump(exclude_none=True)
            | {"hits": active.hits}
            | ({"ends_in": round(active.until - now, 1)} if active.until < math.inf else {})
            for active in self._lasting()
        ]

    def _lasting(self) -> list[_Active]:
        now = self.clock()
        self.active = [active for active in self.active if now < active.until]
        return self.active
