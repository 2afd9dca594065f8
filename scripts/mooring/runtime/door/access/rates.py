"""Limits of tenants and keys: requests a minute, requests at once, and tokens and money a day."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant
from mooring.runtime.memory.spend import Spend
from mooring.spec.access import Limits


class Bucket:
    """Requests a minute: as many at once, refilled evenly. On a clock of seconds."""

    def __init__(self, per_minute: int, now: float, used: float = 0.0) -> None:
        self.size, self._rate = per_minute, per_minute / 60
        self._left, self._at = per_minute - used, now

    def left(self, now: float) -> float:
        """Requests that may come now."""
        return min(self.size, self._left + (now - self._at) * self._rate)

    def take(self, now: float) -> None:
        """Counts one request."""
        self._left, self._at = self.left(now) - 1, now

    def wait(self, now: float) -> float:
        """Seconds until the next request may come; 0 when it may now."""
        return max(0.0, (1 - self.left(now)) / self._rate)

    def full(self, now: float) -> float:
        """Seconds until all may come at once again."""
        return (self.size - self.left(now)) / self._rate


class Scope:
    """What one tenant or one key has used of its limits, which may change. `most` at once where they do not say."""

    def __init__(self, what: str, most: int | None) -> None:
        self.what, self._most = what, most
        self.limits = Limits()
        self.concurrent: int | None = most
        self.bucket: Bucket | None = None
        self.under_way = 0

    def allow(self, limits: Limits, now: float) -> None:
        """Takes other limits. What was used of the old ones stays used."""
        if limits == self.limits:
            return
        self.limits, self.concurrent = limits, limits.concurrent or self._most
        size = limits.requests_per_minute
        used = self.bucket.size - self.bucket.left(now) if self.bucket else 0.0
        self.bucket = Bucket(size, now, used) if size else None


@dataclass(slots=True)
class Admitted:
    """A request that was let in. It counts until `leave`, and the run that it began until that is done: `until`."""

    scopes: tuple[Scope, ...]
    headers: Mapping[str, str]
    until: "asyncio.Future[Any] | None" = None

    def leave(self) -> None:
        """The request is over. To be called once."""
        if self.until is None or self.until.done():
            self._end()
        else:
            self.until.add_done_callback(lambda _: self._end())

    def _end(self) -> None:
        for scope in self.scopes:
            scope.under_way -= 1


class Rates:
    """Of one slot; what was spent today is shared with the other. `share` is the most of a slot one tenant takes."""

    def __init__(self, spend: Spend, share: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._spend, self._share, self._clock = spend, share, clock
        self._scopes: dict[tuple[str, str], Scope] = {}

    def enter(self, grant: Grant) -> Admitted:
        """Lets a request in. Raises Problem when a limit of its tenant or its key is reached."""
        now, caller = self._clock(), grant.caller
        scopes = (
            self._scope(caller.tenant, "", grant.tenant, now),
            self._scope(caller.tenant, caller.key, grant.key, now),
        )
        for scope, key in zip(scopes, (None, caller.key), strict=True):
            self._check(scope, caller.tenant, key, now)
        for scope in scopes:
            scope.under_way += 1
            if scope.bucket:
                scope.bucket.take(now)
        return Admitted(scopes, self._headers(scopes, grant, now))

    def _scope(self, tenant: str, key: str, limits: Limits, now: float) -> Scope:
        scope = self._scopes.get((tenant, key))
        if scope is None:
            what = f"key {key}" if key else f"tenant {tenant}"
            scope = self._scopes[tenant, key] = Scope(what, None if key else self._share)
        scope.allow(limits, now)
        return scope

    def _check(self, scope: Scope, tenant: str, key: str | None, now: float) -> None:
        limits = scope.limits
        if scope.concurrent is not None and scope.under_way >= scope.concurrent:
            raise Problem("too_many_requests", f"{scope.what} has {scope.under_way} requests under way", wait=1)
        if scope.bucket and (wait := scope.bucket.wait(now)):
            words = f"{scope.what} may send {scope.bucket.size} requests a minute"
            raise Problem("rate_limit_exceeded", words, wait=wait, headers=_requests(scope.bucket, now))
        if limits.tokens_per_day is None and limits.usd_per_day is None:
            return
        spent = self._spend.today(tenant, key)
        if limits.tokens_per_day is not None and spent.tokens >= limits.tokens_per_day:
            words = f"{scope.what} has used its {limits.tokens_per_day:,} tokens of today"
            raise Problem("insufficient_quota", words, wait=self._spend.left_of_day())
        if limits.usd_per_day is not None and spent.usd >= limits.usd_per_day:
            words = f"{scope.what} has spent its {limits.usd_per_day:g} USD of today"
            raise Problem("insufficient_quota", words, wait=self._spend.left_of_day())

    def _headers(self, scopes: tuple[Scope, ...], grant: Grant, now: float) -> dict[str, str]:
        """What is left, by the tighter of both scopes."""
        headers: dict[str, str] = {}
        if buckets := [scope.bucket for scope in scopes if scope.bucket]:
            headers |= _requests(min(buckets, key=lambda bucket: bucket.left(now)), now)
        left = [
            (limit - self._spend.today(grant.caller.tenant, key).tokens, limit)
            for key, limit in ((None, grant.tenant.tokens_per_day), (grant.caller.key, grant.key.tokens_per_day))
            if limit is not None
        ]
        if left:
            remaining, limit = min(left)
            headers["x-ratelimit-limit-tokens"] = str(limit)
            headers["x-ratelimit-remaining-tokens"] = str(max(0, remaining))
            headers["x-ratelimit-reset-tokens"] = _seconds(self._spend.left_of_day())
        return headers


def _requests(bucket: Bucket, now: float) -> dict[str, str]:
    """Source: https://platform.openai.com/docs/guides/rate-limits, "Rate limits in headers"."""
    return {
        "x-ratelimit-limit-requests": str(bucket.size),
        "x-ratelimit-remaining-requests": str(max(0, math.floor(bucket.left(now)))),
        "x-ratelimit-reset-requests": _seconds(bucket.full(now)),
    }


def _seconds(seconds: float) -> str:
    """As OpenAI's headers say durations: 850ms, 6s, 1m30s, 2h0m0s."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    whole = math.ceil(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"
