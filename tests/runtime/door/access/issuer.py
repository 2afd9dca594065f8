"""An OIDC issuer on loopback: discovery, public keys, and tokens by the keys behind them."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.runtime.hosting import Serving

AUDIENCE = "agents"


class Issuer:
    """Counts how often it is asked; while `down` it answers 503."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.published = {"one": self._jwk(RSAAlgorithm, self.rsa), "two": self._jwk(ECAlgorithm, self.ec)}
        self.asked = 0
        self.down = False
        self.says: dict[str, Any] = {}
        routes = [Route("/.well-known/openid-configuration", self._discovery), Route("/keys", self._keys)]
        self.serving = Serving(Starlette(routes=routes)).start()
        self.url = self.serving.url

    def token(self, kid: str = "one", **claims: Any) -> str:
        """A token of the tenant shop that is good for a minute; a claim that is None is left out."""
        now = time.time()
        told = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "tenant": "shop", "iat": now, "exp": now + 60} | claims
        told = {name: value for name, value in told.items() if value is not None}
        key, algorithm = (self.rsa, "RS256") if kid != "two" else (self.ec, "ES256")
        return jwt.encode(told, key, algorithm, headers={"kid": kid})

    @staticmethod
    def _jwk(algorithm: Any, key: Any) -> dict[str, Any]:
        return dict(json.loads(algorithm.to_jwk(key.public_key())))

    async def _discovery(self, request: Request) -> Response:
        self.asked += 1
        if self.down:
            return Response(status_code=503)
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"} | self.says)

    async def _keys(self, request: Request) -> Response:
        keys = [{"kid": kid, "use": "sig"} | key for kid, key in self.published.items()]
        return JSONResponse({"keys": [*keys, {"kty": "oct", "k": "AAAA", "kid": "shared"}, "nonsense"]})
