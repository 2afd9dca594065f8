"""Limits of tenants and keys: requests a minute, requests at once, and tokens and money a day."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant
from mooring.runtime.door.access.usage import Own, Shared, Usage, shared
from mooring.runtime.memory.spend import Spend
from mooring.spec.access import Limits


class Bucket:
    """Requests a minute: as many at once, refilled evenly. On a clock of seconds."""

    def __init__(self, per_minute: float, usage: Usage) -> None:
        self.size, self._rate = max(1.0, per_minute), per_minute / 60
        self._usage = usage

    def left(self, now: float) -> float:
        """Requests that may come now."""
        used, at = self._usage.taken()
        if at > now + 60:
            return self.size  # the machine was started again since, and its clock began anew
        return self.size - max(0.0, used - max(0.0, now - at) * self._rate)

    def take(self, now: float) -> None:
        """Counts one request."""
        self._usage.take(self.size - self.left(now) + 1, now)

    def wait(self, now: float) -> float:
        """Seconds until the next request may come; 0 when it may now."""
        return max(0.0, (1 - self.left(now)) / self._rate)

    def resize(self, before: float) -> None:
        """Counts what was used by a size before as the same share of this one."""
        used, at = self._usage.taken()
        self._usage.take(used * self.size / before, at)

    def full(self, now: float) -> float:
        """Seconds until all may come at once again."""
        return (self.size - self.left(now)) / self._rate


class Scope:
    """The limits of one tenant or one key, and what was used of them, which stays when they change.

    They are shared out `among` so many pods.
    """

    def __init__(self, what: str, limits: Limits, concurrent: int | None, usage: Usage, among: int = 1) -> None:
        self.what, self.limits, self.concurrent, self.usage, self.among = what, limits, concurrent, usage, among
        self.bucket = Bucket(limits.requests_per_minute / among, usage) if limits.requests_per_minute else None

    @property
    def a_minute(self) -> str:
        """Requests, for whoever has sent too many."""
        whole = f"{self.limits.requests_per_minute} requests a minute"
        return whole if self.among == 1 else f"{whole}, an equal part through each of {self.among} pods"


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
            scope.usage.leave()


class Rates:
    """Of one slot; what was spent today is shared with the other. `share` is the most of a slot one tenant takes.

    Several workers count together, in the folder `shared`: a client that keeps its connection is always answered by
    the same worker, so a part of the limit for each would give it only that part. Pods have nothing quick in common:
    each takes its part of a limit, by how many `peers` says there are, as Envoy does.

    Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter
    (`local_cluster_rate_limit`)
    """

    def __init__(
        self,
        spend: Spend,
        share: int | None,
        clock: Callable[[], float] = time.monotonic,
        shared: Path | None = None,
        peers: Callable[[], int] = lambda: 1,
    ) -> None:
        self._spend, self._share, self._clock, self._shared, self._peers = spend, share, clock, shared, peers
        self._scopes: dict[tuple[str, str], Scope] = {}

    def enter(self, grant: Grant) -> Admitted:
        """Lets a request in. Raises Problem when a limit of its tenant or its key is reached."""
        caller = grant.caller
        scopes = (
            self._scope(caller.tenant, "", grant.tenant),
            self._scope(caller.tenant, caller.key, grant.key),
        )
        # Always the tenant's first, so that two workers never wait for each other.
        with scopes[0].usage.alone(), scopes[1].usage.alone():
            now = self._clock()
            for scope, key in zip(scopes, (None, caller.key), strict=True):
                self._check(scope, caller.tenant, key, now)
            for scope in scopes:
                scope.usage.enter()
                if scope.bucket:
                    scope.bucket.take(now)
            return Admitted(scopes, self._headers(scopes, grant, now))

    def _scope(self, tenant: str, key: str, limits: Limits) -> Scope:
        scope, among = self._scopes.get((tenant, key)), self._peers()
        if scope is None or scope.limits != limits or scope.among != among:
            given = None if limits.concurrent is None else max(1, limits.concurrent // among)
            concurrent = self._share if not key and given is None else given  # a share is of this pod's own room
            usage = self._usage(scope, tenant, key, limits.requests_per_minute is not None or concurrent is not None)
            fresh = Scope(f"key {key}" if key else f"tenant {tenant}", limits, concurrent, usage, among)
            if scope and scope.among != among and scope.bucket and fresh.bucket:
                fresh.bucket.resize(scope.bucket.size)
            scope = self._scopes[tenant, key] = fresh
        return scope

    def _usage(self, scope: Scope | None, tenant: str, key: str, limited: bool) -> Usage:
        """What was counted before limits changed is kept; a file is made only for what is limited."""
        if scope is not None and (self._shared is None or not limited or isinstance(scope.usage, Shared)):
            return scope.usage
        return shared(self._shared, tenant, key) if self._shared is not None and limited else Own()

    def _check(self, scope: Scope, tenant: str, key: str | None, now: float) -> None:
        limits = scope.limits
        if scope.concurrent is not None and (under_way := scope.usage.under_way(scope.concurrent)) >= scope.concurrent:
            raise Problem("too_many_requests", f"{scope.what} has {under_way} requests under way", wait=1)
        if scope.bucket and (wait := scope.bucket.wait(now)):
            words = f"{scope.what} may send {scope.a_minute}"
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
        "x-ratelimit-limit-requests": str(math.floor(bucket.size)),
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
