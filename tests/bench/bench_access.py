"""Keys, limits and spend cost a request next to nothing, and a flood that is refused slows nobody else."""

import asyncio
import statistics
import tempfile
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import Receive, Scope, Send

from mooring.release.release import Release
from mooring.runtime.core.keys import Keys, StoredKey, new_key
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.access.gate import Gate
from mooring.runtime.door.access.issuers import Issuers
from mooring.runtime.door.access.keyring import Keyring
from mooring.runtime.door.access.rates import Rates
from mooring.runtime.door.app import create_app
from mooring.runtime.memory.known_keys import KnownKeys
from mooring.runtime.memory.spend import Spend
from mooring.spec import Environment
from mooring.spec.access import Access, Limits
from mooring.state.database import Database
from mooring.state.engine.engine import url_of
from mooring.state.transactions import Transactions
from tests.bench.row import Row
from tests.bench.vendor import host, process
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample

KEY_COUNT, REQUESTS = 1000, 20_000
MOST_MS = 0.3
CALLERS, ASKED, FLOODERS = 4, 400, 256
MOST_SLOWER = 2.0
BODY = {"model": "support", "messages": [{"role": "user", "content": "hi"}]}
LIMITS = {"requestsPerMinute": 10_000_000, "concurrent": 10_000, "tokensPerDay": 10**9, "usdPerDay": 1e6}
ACCESS = {"tenants": [{"name": "shop", "limits": LIMITS}, {"name": "flood", "limits": {"requestsPerMinute": 1}}]}


def run() -> list[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keys = _keys(folder, KEY_COUNT)
        rows = [asyncio.run(_cost(folder, keys))]
        url, _ = stack.enter_context(process(host))
        caller, flooder = _keys(folder, 1)[0], _keys(folder, 1, "flood")[0]
        slot, _pid = stack.enter_context(process(_host_slot, url, str(folder)))
        asyncio.run(_asked(slot, caller))  # once for what is only slow at first
        alone = asyncio.run(_asked(slot, caller))
        flood, _pid = stack.enter_context(process(_flood, slot, flooder))
        time.sleep(2)
        beside = asyncio.run(_asked(slot, caller))
        with httpx2.Client() as http:
            refused = http.get(flood).json()
        return [*rows, _flooded(alone, beside, refused)]


async def _cost(folder: Path, keys: list[str]) -> Row:
    """What a request takes longer for the gate, in milliseconds, called without a socket."""
    database = Database(url_of(folder, None))
    access, spend = Access.model_validate(ACCESS), Spend(database)
    await spend.start()
    known = KnownKeys(database, folder)
    await known.start()
    keyring = Keyring(access, known, {})
    gate = Gate(_answer, keyring, Issuers(access, lambda: None), Rates(spend, None), lambda code: None)
    bare, ours = [statistics.median([await _timed(app, keys, spend) for _ in range(3)]) for app in (_answer, gate)]
    await known.close()
    await spend.close()
    await database.close()
    cost = (ours - bare) * 1000
    told = f"{cost:.3f} ms a request"
    return Row(f"keys, limits and spend, {KEY_COUNT:,} keys", told, limit=f"< {MOST_MS} ms", ok=cost < MOST_MS)


async def _timed(app: Any, keys: list[str], spend: Spend) -> float:
    started = time.perf_counter()
    for number in range(REQUESTS):
        key = keys[number % len(keys)]
        headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {key}".encode())]
        scope = {"type": "http", "path": "/v1/chat/completions", "query_string": b"", "headers": headers}
        await app(scope, _nothing, _sent)
        spend.add("shop", "key", "support", 100, 0.001)
        if not number % 1000:
            await asyncio.sleep(0)
    return (time.perf_counter() - started) / REQUESTS


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b""}


async def _sent(message: Any) -> None:
    pass


async def _asked(url: str, key: str) -> list[float]:
    """Seconds of each answer to a few callers within their limits."""
    times: list[float] = []

    async def caller(http: httpx2.AsyncClient) -> None:
        for _ in range(ASKED // CALLERS):
            started = time.perf_counter()
            answer = await http.post("/v1/chat/completions", json=BODY)
            times.append(time.perf_counter() - started)
            assert answer.status_code == 200

    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        await asyncio.gather(*(caller(http) for _ in range(CALLERS)))
    return times


def _flooded(alone: list[float], beside: list[float], refused: dict[str, float]) -> Row:
    quiet, loud = (statistics.quantiles(times, n=100)[98] for times in (alone, beside))
    ours = f"p99 {loud * 1000:.0f} ms, {refused['rate']:.0f} refused/s by {FLOODERS} connections"
    ratio = loud / quiet
    limit = f"<= {MOST_SLOWER:g}x"
    return Row("a caller beside a flood", ours, f"alone p99 {quiet * 1000:.0f} ms", ratio, limit, ratio <= MOST_SLOWER)


def _keys(folder: Path, count: int, tenant: str = "shop") -> list[str]:
    made = [new_key() for _ in range(count)]
    stored = [
        StoredKey(
            id=number, name=f"key-{number}", tenant=tenant, role="caller", limits=Limits(), hash=hashed, created=0
        )
        for _key, number, hashed in made
    ]
    Keys(Transactions(url_of(folder, None)), folder).change(lambda keys: [*keys, *stored])
    return [key for key, _number, _hash in made]


def _host_slot(parent: Connection, stub: str, state: str) -> None:
    release = sample()
    data = release.content.environment.model_dump(mode="json") | {"access": ACCESS}
    release = Release.of(release.content.model_copy(update={"environment": Environment.model_validate(data)}))
    parent.send(Serving(create_app(release, Settings("blue", Path(state), stub, {}))).start().url)
    time.sleep(3600)


def _flood(parent: Connection, url: str, key: str) -> None:
    """Asks as fast as it is refused, and says at its own address how fast that was."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    counted, started = [0], time.monotonic()

    async def told(_request: Any) -> JSONResponse:
        return JSONResponse({"rate": counted[0] / (time.monotonic() - started)})

    parent.send(Serving(Starlette(routes=[Route("/", told)])).start().url)

    async def flood() -> None:
        headers = {"authorization": f"Bearer {key}"}
        limits = httpx2.Limits(max_connections=FLOODERS, max_keepalive_connections=FLOODERS)
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as http:

            async def client() -> None:
                while True:
                    await http.post("/v1/chat/completions", json=BODY)
                    counted[0] += 1

            await asyncio.gather(*(client() for _ in range(FLOODERS)))

    asyncio.run(flood())
