"""The token of a custom app, asked for once and kept until shortly before it ends.

https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal
"""

from dataclasses import dataclass, field
from typing import Any

from mooring.chat.platforms.platform import Unsent
from mooring.chat.platforms.sender import Clock, Sender

EARLY = 300.0
"""Seconds before its end that a token is not used any more."""

INVALID = frozenset({99991661, 99991663, 99991664, 99991668})
LIMITED = 99991400


@dataclass
class Access:
    """Calls of the API with the app's token. `api` ends in /open-apis."""

    app: str
    secret: str = field(repr=False)
    api: str
    sender: Sender
    clock: Clock
    _token: str = field(default="", repr=False)
    _until: float = 0.0

    async def call(self, method: str, path: str, body: Any, *, repeatable: bool) -> tuple[int, Any]:
        """The code, 0 when it was done, and the data. A token that is no longer valid is replaced once. Unsent."""
        code, data = await self._called(method, path, body, repeatable=repeatable)
        if code in INVALID:
            self._token = ""
            code, data = await self._called(method, path, body, repeatable=repeatable)
        if code == LIMITED:
            raise Unsent("Feishu limits how often it is asked")
        return code, data

    async def _called(self, method: str, path: str, body: Any, *, repeatable: bool) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {await self._fresh()}"}
        status, found = await self.sender.send(method, f"{self.api}{path}", body, headers, repeatable=repeatable)
        if not isinstance(found, dict) or not isinstance(found.get("code"), int):
            raise Unsent(f"Feishu answered HTTP {status}")
        return found["code"], found.get("data") or {}

    async def _fresh(self) -> str:
        if not self._token or self.clock() > self._until:
            asked = {"app_id": self.app, "app_secret": self.secret}
            path = f"{self.api}/auth/v3/tenant_access_token/internal"
            status, found = await self.sender.send("POST", path, asked, repeatable=True)
            if not isinstance(found, dict) or found.get("code") != 0:
                code = found.get("code") if isinstance(found, dict) else f"HTTP {status}"
                raise Unsent(f"Feishu gives the app {self.app} no token: {code}")
            self._token = str(found["tenant_access_token"])
            self._until = self.clock() + max(float(found.get("expire", 0)) - EARLY, 0.0)
        return self._token
