"""The adapter of GitHub: signed webhooks; one comment that is edited; what a login may do is asked of the API.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from mooring.chat.answer import Answer
from mooring.chat.platforms.github.markdown import markdown
from mooring.chat.platforms.github.reading import GITHUB, MARK, comment, read
from mooring.chat.platforms.platform import Incoming, Missed, Posted, Reply, Unsent
from mooring.chat.platforms.signing import header, json_object, same, short
from mooring.chat.said import Caller, Clicked, Place, Received, Said, Unverified
from mooring.errors import MooringError
from mooring.timestamps import iso, seconds

if TYPE_CHECKING:
    import httpx2

    from mooring.operate.repository.github import GitHub

T = TypeVar("T")

PERMISSIONS = ("read", "triage", "write", "maintain", "admin")
COMMENTS = "issues: write and pull-requests: write"
PAUSES = (0.5, 2.0, 5.0)


@dataclass
class GitHubAdapter:
    """`github` is the repository with the token that writes comments. An empty `webhook_secret` verifies nothing, and
    refuses all."""

    github: "GitHub"
    webhook_secret: str = field(repr=False)
    pauses: tuple[float, ...] = PAUSES
    name: str = GITHUB
    deadline: float = 10.0

    def receive(self, incoming: Incoming, now: float) -> Received:
        if not self.webhook_secret:
            raise Unverified("this door has no webhook secret: it hears workflows alone")
        short(incoming.body)
        given = header(incoming.headers, "x-hub-signature-256")
        same(f"sha256={hmac.new(self.webhook_secret.encode(), incoming.body, hashlib.sha256).hexdigest()}", given)
        return self.read(header(incoming.headers, "x-github-event"), json_object(incoming.body), now)

    def read(self, event: str, payload: Mapping[str, Any], now: float) -> Received:
        """What an event says whose sender is known otherwise, as a workflow's is. Raises ValueError."""
        return read(event, payload, self.github.repository, now)

    def acknowledge(self, received: Said | Clicked, answer: Answer | None) -> Reply:
        return Reply(202, {})

    def challenge(self, body: Mapping[str, Any]) -> Reply:
        return Reply(200, dict(body))

    async def vouch(self, caller: Caller) -> Caller:
        """A label such as `author_association` proves nothing: the API says what a login may do now."""
        from mooring.operate.repository.github import answer

        def look(client: "httpx2.Client") -> str:
            response = client.get(f"/collaborators/{quote(caller.id, safe='')}/permission")
            if response.status_code == 404:
                return ""
            found = answer(response, "metadata: read")
            if found["user"]["login"].lower() != caller.id.lower():
                raise ValueError("the permission of somebody else")
            # a role of the organisation's own counts as what it is based on
            role = found["role_name"] if found["role_name"] in PERMISSIONS else found["permission"]
            return role if role in PERMISSIONS else ""

        return replace(caller, permission=await self._done(look))

    async def answer(self, received: Said | Clicked, answer: Answer, before: Posted | None) -> Posted:
        mark = f"{MARK}{received.event} -->"
        return await self._put(received.place, before or Posted({"mark": mark}), answer)

    async def post(self, place: Place, answer: Answer) -> Posted:
        return await self._put(place, Posted({"mark": f"{MARK}{secrets.token_hex(8)} -->"}), answer)

    async def edit(self, place: Place, posted: Posted, answer: Answer) -> Posted:
        return await self._put(place, posted, answer)

    async def since(self, moment: float) -> list[Missed]:
        """Comments from then on that are commands, whether or not GitHub delivered them. Raises Unsent."""
        from mooring.operate.repository.github import pages

        def look(client: "httpx2.Client") -> list[Missed]:
            heard = []
            for found in pages(client, "/issues/comments", "issues: read", since=iso(moment), sort="created"):
                made = seconds(found["created_at"])  # whoever hears it judges whether that is too long ago
                said = comment(found, int(str(found["issue_url"]).rpartition("/")[2]), made)
                if isinstance(said, Said):
                    heard.append(Missed(made, said))
            return heard

        return await self._done(look)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _put(self, place: Place, posted: Posted, shown: Answer) -> Posted:
        """The comment with this text, written where there is none. A second try looks whether the first wrote it."""
        from mooring.operate.repository.github import answer, pages

        mark = str(posted.handle.get("mark") or f"{MARK}{secrets.token_hex(8)} -->")
        body, tries = markdown(shown, mark), 0

        def put(client: "httpx2.Client") -> Posted:
            nonlocal tries
            tries += 1
            number = posted.handle.get("comment")
            if number is None and tries > 1:
                found = pages(client, f"/issues/{int(place.channel)}/comments", COMMENTS)
                number = next((one["id"] for one in found if self._ours(one, mark)), None)
            if number is not None:
                response = client.patch(f"/issues/comments/{int(number)}", json={"body": body})
                if response.status_code != 404:
                    return Posted({"comment": int(answer(response, COMMENTS)["id"]), "mark": mark})
            written = answer(client.post(f"/issues/{int(place.channel)}/comments", json={"body": body}), COMMENTS)
            return Posted({"comment": int(written["id"]), "mark": mark})

        return await self._done(put)

    def _ours(self, found: Any, mark: str) -> bool:
        """A mark that somebody else wrote is not ours."""
        user = found["user"] or {}
        ours = user.get("type") == "Bot" or user.get("login") == self.github.author
        return ours and str(found["body"]).startswith(mark)

    async def _done(self, work: "Callable[[httpx2.Client], T]") -> T:
        from mooring.operate.repository.github import persistently

        try:
            return await asyncio.to_thread(persistently, self.github, work, pauses=self.pauses)
        except MooringError as error:
            raise Unsent(str(error)) from None
