"""Processes in which Python tools run: started when they are needed, kept warm, killed when they do not answer."""

import asyncio
import json
import os
import signal
import struct
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from mooring.runtime.agent.tools.binding import Call, CallFailed, Unavailable
from mooring.runtime.agent.tools.result import read
from mooring.runtime.core.logs import LOGGER
from mooring.spec.tool import PythonBind

MOST = 4
"""Processes of one release; calls beyond wait for one to be free, within their own time."""

CALLS = 1000
"""Calls after which a process is replaced, whatever tools have left in it."""

ENDING = 1.0
"""Seconds that a killed process, and what it has printed, are waited for."""

PASSED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
"""What a process is told of the environment: no secrets."""

_LINE = 500
_LINES = 200
"""Characters of a printed line, and lines for each call, that are logged."""

_PROGRAM = Path(__file__).with_name("worker.py").read_text()
"""Read when the slot starts, so that all of its processes run the same, whatever becomes of the file."""


class Worker:
    """One process. It answers one call at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._calls, self._replies = cast(StreamWriter, process.stdin), cast(StreamReader, process.stdout)
        self._said = 0
        self.calls = 0
        self.listening = asyncio.create_task(self._listen())
        """Done when nothing is left of it that might print."""

    @classmethod
    async def start(cls, modules: Mapping[str, str], environ: Mapping[str, str]) -> "Worker":
        """A process in a session of its own, with no file of ours but three pipes. Raises Unavailable."""
        passed = {name: environ[name] for name in PASSED if name in environ}
        command = (sys.executable, "-I", "-X", "utf8", "-c", _PROGRAM, str(os.getpid()))
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd="/", env=passed, start_new_session=True
            )
        except OSError as error:
            raise Unavailable(f"no process could be started for the tool ({error.strerror})") from error
        worker = cls(process)
        worker._send(modules)
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def fit(self) -> bool:
        """Whether another call may be sent to it."""
        return self._process.returncode is None and self.calls < CALLS

    async def ask(self, callable_: str, call: Call) -> Any:
        """The value that a function returns. Raises CallFailed; after anything else it must be killed."""
        self.calls, self._said = self.calls + 1, 0
        self._send(asdict(call) | {"callable": callable_, "arguments": dict(call.arguments)})
        try:
            (size,) = struct.unpack(">I", await self._replies.readexactly(4))
            if size > max(call.largest, 4096):
                raise Unavailable("the tool's process wrote what is no reply")
            reply = read(await self._replies.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Unavailable(f"the tool's process ended in the middle of the call ({await self._end()})") from error
        if "result" not in reply:
            raise CallFailed(str(reply["error"]))
        return reply["result"]

    def kill(self) -> None:
        """Ends it and what it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def gone(self) -> None:
        """Waits for its end, and not for a child of it that got away and holds its pipes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                await self._process.wait()
                await self.listening
        self.listening.cancel()

    def _send(self, value: Any) -> None:
        frame = json.dumps(value).encode()
        self._calls.write(struct.pack(">I", len(frame)) + frame)

    async def _end(self) -> str:
        code = await self._process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def _listen(self) -> None:
        """Logs what tools print. The pipe is read to its end, so that no tool waits for a reader."""
        stream = cast(StreamReader, self._process.stderr)
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than the reader's buffer; the rest of it comes as the next one
                continue
            if not line:
                return
            self._said += 1
            if self._said <= _LINES:
                text = line.decode(errors="replace").rstrip()[:_LINE]
                LOGGER.info("tool output", extra={"pid": self.pid, "line": text})


class Workers:
    """The processes of one release's Python tools."""

    def __init__(self, modules: Mapping[str, str], environ: Mapping[str, str]) -> None:
        self._modules, self._environ = dict(modules), environ
        self._idle: list[Worker] = []
        self._living: set[Worker] = set()
        self._room = asyncio.Semaphore(MOST)

    async def call(self, callable_: str, call: Call) -> Any:
        """The value that a function returns; cancelled, it kills the process. Raises CallFailed."""
        async with self._room:
            worker = await self._free()
            try:
                value = await worker.ask(callable_, call)
            except Unavailable:
                worker.kill()
                raise
            except CallFailed:
                self._idle.append(worker)
                raise
            except BaseException:
                worker.kill()
                raise
            self._idle.append(worker)
        return value

    async def close(self) -> None:
        """Ends all processes, also those at work, and waits for them and for those that were killed before."""
        self._idle.clear()
        living = [*self._living]
        for worker in living:
            worker.kill()
        await asyncio.gather(*(worker.gone() for worker in living))

    async def _free(self) -> Worker:
        """The warmest process that is fit, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.fit:
                return worker
            worker.kill()
        worker = await Worker.start(self._modules, self._environ)
        self._living.add(worker)
        worker.listening.add_done_callback(lambda _: self._living.discard(worker))
        return worker


class PythonBinding:
    """One function of the release's modules."""

    def __init__(self, bind: PythonBind, workers: Workers) -> None:
        self._callable, self._workers = bind.callable, workers

    async def answer(self, call: Call) -> Any:
        """What the function returns."""
        return await self._workers.call(self._callable, call)
