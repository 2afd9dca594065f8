"""Tokens of an OIDC issuer: good ones, and everything that is wrong with others."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mooring.runtime.door.access import issuers
from tests.runtime.door.access.issuer import AUDIENCE, Issuer


@pytest.fixture(scope="module")
def module_issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.serving.stop()


@pytest.fixture
def issuer(module_issuer: Issuer) -> Issuer:
    module_issuer.asked, module_issuer.down, module_issuer.says = 0, False, {}
    return module_issuer


def trusting(issuer: Issuer, **more):
    return {"issuers": [{"issuer": issuer.url, "audience": AUDIENCE} | more]}


def unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.slow
@pytest.mark.parametrize("kid", ["one", "two"])
def test_a_good_token_calls_for_its_tenant(gated, issuer, kid):
    server = gated(trusting(issuer))
    answer = server.chat(issuer.token(kid), metadata={"conversation": "notes"})
    assert answer.status_code == 200
    assert server.get("/conversations/notes", server.key("shop")).status_code == 200
    assert server.get("/conversations/notes", issuer.token(tenant="bank")).status_code == 404


def test_the_issuer_is_asked_once_for_many_tokens(gated, issuer):
    server = gated(trusting(issuer))
    for number in range(5):
        assert server.get("/v1/models", issuer.token(sub=f"user {number}")).status_code == 200
    assert issuer.asked == 1


def test_a_claim_is_translated_into_a_tenant_and_one_that_is_not_listed_is_refused(gated, issuer):
    server = gated(trusting(issuer, tenantClaim="org", tenants={"org-1": "bank"}))
    assert server.get("/v1/models", issuer.token(org="org-1")).status_code == 200
    for claims in ({"org": "shop"}, {"org": "org-2"}, {"org": ["org-1"]}, {}):
        assert server.get("/v1/models", issuer.token(**claims)).status_code == 401, claims


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "others"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": 10_000_000_000},
        {"iat": 10_000_000_000},
        {"tenant": "unknown"},
        {"tenant": None},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(gated, issuer, claims):
    server = gated(trusting(issuer))
    try:
        token = issuer.token(**claims)
    except TypeError:  # the library does not make such a token
        now = time.time()
        body = {"iss": issuer.url, "aud": AUDIENCE, "tenant": "shop", "iat": now} | claims
        token = jwt.api_jws.PyJWS().encode(json.dumps(body).encode(), issuer.rsa, "RS256", headers={"kid": "one"})
    answer = server.get("/v1/models", token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("skew", [-40, 40])
def test_clocks_may_differ_by_less_than_a_minute(gated, issuer, skew):
    server = gated(trusting(issuer))
    now = time.time() + skew
    token = issuer.token(iat=now, nbf=now, exp=now + 30)
    assert server.get("/v1/models", token).status_code == 200


def test_tokens_that_anybody_could_make_are_refused(gated, issuer):
    server = gated(trusting(issuer))
    good = issuer.token()
    public = issuer.rsa.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = jwt.decode(good, options={"verify_signature": False})
    # The library refuses to sign with a public key as a secret, which is the point of the attack.
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).rstrip(b"=").decode()
    body = good.split(".")[1]
    mac = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest()
    confused = f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(claims, own, "RS256", headers={"kid": "one"})
    shared = jwt.encode(claims, b"\0" * 32, "HS256", headers={"kid": "shared"})
    for token in (unsigned(good), confused, forged, shared, good[:-4] + "AAAA", good.replace(".", ".x", 1)):
        assert server.get("/v1/models", token).status_code == 401, token
    assert server.get("/v1/models", good).status_code == 200


def test_an_unknown_key_id_asks_the_issuer_again_but_not_for_every_token(gated, issuer):
    server = gated(trusting(issuer))
    assert server.get("/v1/models", issuer.token()).status_code == 200
    for _ in range(5):
        assert server.get("/v1/models", issuer.token(kid="nine")).status_code == 401
    assert issuer.asked == 1


def test_a_token_without_a_declared_issuer_is_no_key(gated, issuer):
    assert gated().get("/v1/models", issuer.token()).status_code == 401
    assert issuer.asked == 0


@pytest.mark.slow
def test_while_the_issuer_is_down_its_known_keys_go_on_and_unknown_ones_are_a_503(gated, issuer):
    known = gated(trusting(issuer))
    assert known.get("/v1/models", issuer.token()).status_code == 200
    issuer.down = True
    assert known.get("/v1/models", issuer.token(sub="another")).status_code == 200
    fresh = gated(trusting(issuer), slot="green")
    answer = fresh.get("/v1/models", issuer.token())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "identity_unavailable")
    assert answer.headers["retry-after"] == str(round(issuers.AGAIN_SECONDS))
    assert fresh.get("/v1/models", fresh.key()).status_code == 200


@pytest.mark.parametrize("says", [{"issuer": "https://elsewhere.example"}, {"jwks_uri": "file:///etc/passwd"}])
def test_an_issuer_that_contradicts_itself_is_not_believed(gated, issuer, says):
    issuer.says = says
    assert gated(trusting(issuer)).get("/v1/models", issuer.token()).status_code == 503


@pytest.mark.slow
def test_a_token_that_ends_is_refused_though_it_was_known(gated, issuer, monkeypatch):
    monkeypatch.setattr(issuers, "LEEWAY_SECONDS", 0)
    server = gated(trusting(issuer))
    token = issuer.token(iat=None, exp=time.time() + 1.5)
    assert server.get("/v1/models", token).status_code == 200
    time.sleep(1.6)
    assert server.get("/v1/models", token).status_code == 401


def test_a_huge_token_is_refused_unread(gated, issuer):
    server = gated(trusting(issuer))
    assert server.get("/v1/models", "eyJ" + "A" * 20000 + ".x.y").status_code == 401
    assert issuer.asked == 0
