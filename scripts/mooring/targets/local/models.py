"""Keeps the models running that a release serves on this machine, each at the port that its document says.

Somebody else's server at that address is as good: it is asked what it serves, and left alone.
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from mooring.errors import Failed
from mooring.local_model.environment import SERVE, python
from mooring.outcome import Reason
from mooring.targets.host import folders, logs
from mooring.targets.host.requirements import Weights

OPENING = 25.0
"""Seconds within which a model that was started must answer."""

AGAIN, SELDOM = 0.5, 60.0
"""Seconds from the end of a server to the next start: at first, and at most after many that ended soon."""

WELL = 30.0
"""Seconds after which a server that ends has not ended soon."""

LOOKING = 5.0
"""Seconds between two looks at a server that somebody else started."""

log = logging.getLogger("mooring.supervisor")


@dataclass
class Server:
    """One model. `pid` is that of the process that was started for it, None where another one serves it."""

    model: Weights
    pid: int | None = None
    child: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    soon: int = 0
    due: float = 0.0
    looked: float = field(default=float("-inf"))

    @property
    def port(self) -> int:
        return urlsplit(self.model.url).port or 80

    def running(self) -> bool:
        """Whether its process runs: one that this supervisor started, or one before."""
        if self.child is not None:
            return self.child.poll() is None
        if self.pid is None:
            return False
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(SERVE) in process.cmdline()
        return False


class ModelServers:
    """`ensure` waits until models answer; `keep` starts again what died and ends what nobody calls any more."""

    def __init__(self, state: Path, command: Sequence[str] = ()) -> None:
        self._state, self._announce = state, state / "models.json"
        self._command = list(command)
        self._servers: dict[str, Server] = {}
        self._turn = asyncio.Lock()

    def data(self) -> dict[str, dict[str, Any]]:
        """By document, where it is served, by which process, and its state: `runs`, `is away` or `is somebody's`."""
        told = {}
        for server in self._servers.values():
            state = "runs" if server.running() else "is away" if server.pid else "is served by somebody else"
            told[server.model.name] = {"url": server.model.url, "pid": server.pid, "state": state}
        return told

    async def ensure(self, models: Sequence[Weights]) -> None:
        """Returns when all answer. Failed(PROCESS) or Failed(PORT_IN_USE) when one does not."""
        async with self._turn:
            for model in models:
                server = self._server(model)
                if await self._serve(server, at_once=True):
                    await self._wait(server)

    async def keep(self, wanted: Callable[[], Sequence[Weights]]) -> None:
        """One look, which waits for no model: what is wanted then, and nothing else, is served. Failed as above."""
        async with self._turn:
            models = wanted()
            called = {model.url for model in models}
            for url in [url for url in self._servers if url not in called]:
                self._end(self._servers.pop(url))
                self._save()
            for model in models:
                known = self._servers.get(model.url)
                if (
                    known is None or known.model not in models
                ):  # both slots may want the port: the one asked last has it
                    known = self._server(model)
                await self._serve(known)

    def stop(self) -> None:
        """Ends those that were started for this environment, by whichever supervisor."""
        for url in self._known():
            self._servers.setdefault(url, Server(Weights("", "", url, "", 0), self._known()[url]))
        for server in self._servers.values():
            self._end(server)
        self._servers.clear()
        self._announce.unlink(missing_ok=True)

    def _server(self, model: Weights) -> Server:
        found = self._servers.get(model.url)
        if found is not None and found.model != model:
            self._end(found)  # the port is to serve other weights, or another window
            self._save()
            found = None
        if found is None:
            found = self._servers[model.url] = Server(model, self._known().get(model.url))
        return found

    async def _serve(self, server: Server, at_once: bool = False) -> bool:
        """Starts it unless somebody serves it already, or it is too early; whether its own process runs."""
        now = time.monotonic()
        if server.running():
            return True
        if server.pid is not None:
            self._ended(server, now)
        if not at_once and (now < server.due or now - server.looked < LOOKING):
            return False
        if await asyncio.to_thread(serves, server.model):
            server.looked = now
            return False
        await self._start(server)
        return True

    def _ended(self, server: Server, now: float) -> None:
        how = server.child.returncode if server.child else "an unknown status"
        server.soon = server.soon + 1 if now - server.started < WELL else 0
        wait = min(AGAIN * 2**server.soon, SELDOM)
        log.warning("the model %s ended with %s; it is started again in %.1f s", server.model.name, how, wait)
        server.pid, server.child, server.due = None, None, now + wait

    async def _start(self, server: Server) -> None:
        server.child = self._spawn(server, self._command or [str(await asyncio.to_thread(python)), "-I", str(SERVE)])
        server.pid, server.started = server.child.pid, time.monotonic()
        self._save()
        log.info("model %s starts at %s, pid %s", server.model.name, server.model.url, server.pid)

    def _spawn(self, server: Server, command: Sequence[str]) -> subprocess.Popen[bytes]:
        model = server.model
        options = ["--weights", model.weights, "--id", model.id, "--port", str(server.port)]
        # The engine needs no secret. Its threads sleep while they wait for each other, since others want the cores.
        kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG", "TMPDIR") if name in os.environ}
        with logs.opened(folders.log_file(self._state, "model")) as output:
            return subprocess.Popen(
                [*command, *options, "--context", str(model.context)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**kept, "OMP_WAIT_POLICY": "passive"},
                start_new_session=True,
            )

    async def _wait(self, server: Server) -> None:
        end = time.monotonic() + OPENING
        while not await asyncio.to_thread(serves, server.model):
            if not server.running() or time.monotonic() > end:
                raise Failed(Reason.PROCESS, f"the model {server.model.name} does not start: {self._why(server)}")
            await asyncio.sleep(0.05)

    def _why(self, server: Server) -> str:
        code = server.child.poll() if server.child else None
        if code == -signal.SIGILL:
            return "the engine uses instructions that this processor lacks"
        return logs.last_words(folders.log_file(self._state, "model")) or "it says nothing"

    def _end(self, server: Server) -> None:
        if server.pid is not None and server.running():
            with suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGTERM)
        if server.child:
            with suppress(subprocess.TimeoutExpired):
                server.child.wait(3)
        server.pid, server.child = None, None

    def _known(self) -> dict[str, int]:
        """Process ids by URL, as a supervisor before this one left them."""
        with suppress(OSError, ValueError):
            return {str(url): int(pid) for url, pid in json.loads(self._announce.read_text()).items()}
        return {}

    def _save(self) -> None:
        known = {url: server.pid for url, server in self._servers.items() if server.pid is not None}
        self._announce.write_text(json.dumps(known))


def serves(model: Weights) -> bool:
    """Whether somebody serves it there. Failed(PORT_IN_USE) when somebody else answers, or serves another model."""
    place = urlsplit(model.url)
    connection = HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=2)
    try:
        connection.request("GET", f"{place.path}/models")
        response = connection.getresponse()
        body = response.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    if response.status == 503:
        return False  # llama.cpp's while it loads
    with suppress(ValueError, LookupError, TypeError):
        ids = [str(one["id"]) for one in json.loads(body)["data"]]
        if model.id in ids:
            return True
        said = f"serves {', '.join(ids) or 'nothing'}, not {model.id}"
        raise Failed(Reason.PORT_IN_USE, f"what answers at {model.url} {said}", f"correct baseUrl of {model.name}")
    raise Failed(
        Reason.PORT_IN_USE, f"what answers at {model.url} is no model server", f"correct baseUrl of {model.name}"
    )
