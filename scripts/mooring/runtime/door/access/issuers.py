"""Tokens of OIDC issuers: verified by the issuer's keys, which are kept while it is down.

Source: https://openid.net/specs/openid-connect-discovery-1_0.html, section 4, and RFC 8725, "JSON Web Token Best
Current Practices".
"""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt

from mooring.runtime.core.caller import TOKEN
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant, grant
from mooring.spec.access import Access, Issuer

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key. With `none`, or a secret that is shared, anybody could make tokens."""

LEEWAY_SECONDS = 60
"""That much two clocks may differ."""

FRESH_SECONDS, STALE_SECONDS = 600.0, 86400.0
"""Keys are asked for again after the first, and not used without an answer after the second."""

AGAIN_SECONDS = 10.0
"""Between two questions to an issuer, whatever tokens come."""

LATEST = 2.0**40
"""No token ends later than that, in Unix time; NaN is not before it either."""

ASK_SECONDS = 3.0
LONGEST_TOKEN, LONGEST_ANSWER = 16 * 1024, 256 * 1024
REMEMBERED = 10_000


class Unavailable(Exception):
    """The issuer does not answer as it should."""


@dataclass(slots=True)
class Keys:
    """An issuer's public keys by id, when they came, and when it was last asked; on a monotonic clock."""

    keys: dict[str, jwt.PyJWK]
    came: float = float("-inf")
    asked: float = float("-inf")


class Issuers:
    """Those of an environment. `now` is Unix time, by which tokens begin and end; `clock` counts seconds."""

    def __init__(
        self,
        access: Access,
        client: Callable[[], httpx2.AsyncClient | None],
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access, self._client, self._now, self._clock = access, client, now, clock
        self._issuers = {issuer.issuer: issuer for issuer in access.issuers}
        self._keys: dict[str, Keys] = {name: Keys({}) for name in self._issuers}
        self._turns = {name: asyncio.Lock() for name in self._issuers}
        self._known: OrderedDict[bytes, tuple[Grant, str, float]] = OrderedDict()

    @staticmethod
    def looks_like_one(text: str) -> bool:
        """Whether a bearer's text has the form of a token."""
        return text.startswith("eyJ") and text.count(".") == 2

    async def find(self, token: str) -> Grant | None:
        """What a token allows; None for one that is not valid here. Raises Problem when that cannot be told now."""
        if len(token) > LONGEST_TOKEN:
            return None
        name = hashlib.sha256(token.encode()).digest()
        if known := self._known.get(name):
            found, issuer, came = known
            kept = self._keys[issuer]
            fresh = kept.came == came and self._clock() - came < FRESH_SECONDS
            if fresh and found.ends is not None and self._now() < found.ends:
                return found
            del self._known[name]
        verified = await self._verified(token)
        if verified is None:
            return None
        found, issuer = verified
        self._known[name] = (found, issuer, self._keys[issuer].came)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _verified(self, token: str) -> tuple[Grant, str] | None:
        """What a token allows, and by which issuer. Raises Problem."""
        try:
            head = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
            issuer = self._issuers.get(claimed) if isinstance(claimed, str) else None
            if issuer is None or head.get("alg") not in ALGORITHMS:
                return None
            key = await self._key(issuer, str(head.get("kid", "")))
            if key is None:
                return None
            claims = _claims(token, key, issuer, str(head["alg"]), self._now())
        except jwt.PyJWTError:
            return None
        value = claims.get(issuer.tenant_claim)
        tenant = issuer.tenants.get(value, "" if issuer.tenants else value) if isinstance(value, str) else ""
        # Two issuers may each have a subject of the same name.
        user = f"{issuer.issuer}#{subject}" if isinstance(subject := claims.get("sub"), str) and subject else ""
        found = grant(self._access, TOKEN, tenant, ends=float(claims["exp"]) + LEEWAY_SECONDS, user=user)
        return (found, issuer.issuer) if found else None

    async def _key(self, issuer: Issuer, kid: str) -> jwt.PyJWK | None:
        """The key of this id, or the only one; None when the issuer has no such key. Raises Problem."""
        kept = self._keys[issuer.issuer]
        found = _chosen(kept.keys, kid)
        if found is not None and self._clock() - kept.came < FRESH_SECONDS:
            return found
        async with self._turns[issuer.issuer]:
            if self._clock() - kept.asked > AGAIN_SECONDS:
                await self._ask(issuer, kept)
        if self._clock() - kept.came > STALE_SECONDS:
            raise Problem("identity_unavailable", "the issuer of this token cannot be asked now", wait=AGAIN_SECONDS)
        return _chosen(kept.keys, kid)

    async def _ask(self, issuer: Issuer, kept: Keys) -> None:
        kept.asked = self._clock()
        try:
            kept.keys, kept.came = await self._fetched(issuer), self._clock()
        except (Unavailable, httpx2.HTTPError, TimeoutError, ValueError, TypeError, AttributeError) as error:
            LOGGER.error("issuer %s: its keys cannot be read: %s", issuer.issuer, str(error) or type(error).__name__)

    async def _fetched(self, issuer: Issuer) -> dict[str, jwt.PyJWK]:
        async with asyncio.timeout(ASK_SECONDS):
            found = await self._json(issuer.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != issuer.issuer:
                raise Unavailable("it says to be another issuer")
            url = str(found.get("jwks_uri", ""))
            if not url.startswith("https:" if issuer.issuer.startswith("https:") else "http"):
                raise Unavailable("its keys come over another protocol")
            keys = dict(_usable((await self._json(url)).get("keys", ())))
        if not keys:
            raise Unavailable("it has no keys that sign")
        return keys

    async def _json(self, url: str) -> dict[str, Any]:
        client = self._client()
        if client is None:
            raise Unavailable("the slot is not started")
        data = bytearray()
        async with client.stream("GET", url, headers={"accept": "application/json"}, follow_redirects=False) as answer:
            async for piece in answer.aiter_bytes():
                data += piece
                if len(data) > LONGEST_ANSWER:
                    break
        if answer.status_code != 200 or len(data) > LONGEST_ANSWER:
            raise Unavailable(f"status {answer.status_code}, {len(data)} bytes")
        found = json.loads(data)
        if not isinstance(found, dict):
            raise Unavailable("no JSON object")
        return found


def _claims(token: str, key: jwt.PyJWK, issuer: Issuer, algorithm: str, now: float) -> dict[str, Any]:
    """What a token says, once signature, audience, issuer and times are right. Raises PyJWTError."""
    # Times are compared below, by the clock that is handed in.
    claims = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=issuer.audience,
        issuer=issuer.issuer,
        options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    times = {name: claims.get(name, 0) for name in ("exp", "nbf", "iat")}
    if not all(type(value) in (int, float) and 0 <= value < LATEST for value in times.values()):
        raise jwt.InvalidTokenError
    if now >= times["exp"] + LEEWAY_SECONDS:
        raise jwt.ExpiredSignatureError
    if max(times["nbf"], times["iat"]) > now + LEEWAY_SECONDS:
        raise jwt.ImmatureSignatureError
    return claims


def _usable(keys: Iterable[Any]) -> Iterator[tuple[str, jwt.PyJWK]]:
    """Public keys that sign."""
    for number, key in enumerate(keys):
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig":
            try:
                yield str(key.get("kid", number)), jwt.PyJWK.from_dict(key)
            except (jwt.PyJWTError, TypeError, ValueError):
                continue


def _chosen(keys: dict[str, jwt.PyJWK], kid: str) -> jwt.PyJWK | None:
    if not kid and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(kid)
