"""The process in which Python tools run: reads calls from standard input, writes results to standard output.

It is started by path and imports nothing of Mooring, so that it is up in a moment and a tool finds nothing to reach
into. It has the modules of the release, no secrets, and bounded memory; what tools print goes to standard error. It
ends with the slot: at the end of its input, and in the middle of a call by the kernel's hand.

A frame is a length in 4 bytes, big-endian, and that much JSON. The first holds the modules, every other a call.
"""

import asyncio
import ctypes
import importlib
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

MEMORY = 512 * 1024 * 1024
"""Bytes of data that a tool may hold."""

FILES = 128
"""Open files."""

KEY = "idempotency_key"
"""A parameter that is given the call's key, where a function has it."""

_PR_SET_PDEATHSIG = 1
_SHOWN = 500


class Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports modules from their sources by name; a package that has no source of its own is an empty one."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._packages = {name[:dot] for name in sources for dot, letter in enumerate(name) if letter == "."}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._sources and fullname not in self._packages:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=fullname, is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        return fullname in self._packages

    def get_source(self, fullname: str) -> str:
        return self._sources.get(fullname, "")


def answer(request: dict[str, Any]) -> bytes:
    """The reply to a call, as JSON: `result`, or `error` in words for the agent."""
    try:
        module, _, name = request["callable"].partition(":")
        value = _run(getattr(importlib.import_module(module), name), request)
        reply = json.dumps({"result": value}, allow_nan=False).encode()
    except BaseException as error:  # noqa: BLE001 - whatever a tool does, the agent is told and the process goes on
        traceback.print_exc()
        return _failed(f"{type(error).__name__}: {error}"[:_SHOWN])
    if len(reply) > request["largest"]:
        return _failed(f"the result is larger than {request['largest']} bytes; ask for less")
    return reply


def _failed(words: str) -> bytes:
    return json.dumps({"error": words}).encode()


def _run(function: Callable[..., Any], request: dict[str, Any]) -> Any:
    arguments = dict(request["arguments"])
    parameter = inspect.signature(function).parameters.get(KEY)
    if parameter is not None:
        arguments[KEY] = request["key"]
    value = function(**arguments)
    return asyncio.run(value) if inspect.iscoroutine(value) else value


def serve(calls: BinaryIO, replies: BinaryIO) -> None:
    """Answers calls until there are no more."""
    sys.meta_path.insert(0, Sources(_read(calls) or {}))
    while (request := _read(calls)) is not None:
        reply = answer(request)
        sys.stdout.flush()
        sys.stderr.flush()
        replies.write(struct.pack(">I", len(reply)) + reply)
        replies.flush()


def _read(calls: BinaryIO) -> Any:
    head = calls.read(4)
    return json.loads(calls.read(struct.unpack(">I", head)[0])) if len(head) == 4 else None


def confine(parent: int) -> None:
    """Takes the process's own limits, and ends it when its parent has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        Path("/proc/self/oom_score_adj").write_text("1000")  # when memory runs out, it goes before the slot
    if os.getppid() != parent:
        sys.exit()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Standard output belongs to the replies alone; what is printed goes to standard error."""
    confine(int(sys.argv[1]))
    calls, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    serve(calls, replies)


if __name__ == "__main__":
    main()
