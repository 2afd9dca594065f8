"""Clients and a model's endpoint in C, so that the machine's processors are left to what is measured between them."""

import json
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import rival

COMPLETION = {
    "id": "stub",
    "object": "chat.completion",
    "created": 1,
    "model": "stub",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "It is on its way."}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
}

SCRIPT = """
wrk.method, wrk.body = "POST", %s
wrk.headers["Content-Type"] = "application/json"
%s
function done(summary, latency, requests)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.timeout + e.status
  io.write(string.format("\\nDONE %%d %%d %%d\\n", summary.requests, errors, latency:percentile(99)))
end
"""
CLOSE = 'wrk.headers["Connection"] = "close"'


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model that answers the same at once; `pids` are its processes."""

    url: str
    pids: list[int]


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """nginx with one fixed answer. Raises MissingError."""
    program = rival.program("nginx")
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken.close()
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        Path(folder, "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;\n"
            "events { worker_connections 2048; }\nhttp { access_log off; keepalive_requests 10000000;\n"
            + "".join(f"{kind}_temp_path {folder};\n" for kind in kinds)
            + f"server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json;\n"
            f"return 200 '{json.dumps(COMPLETION)}'; }} }} }}\n"
        )
        server = subprocess.Popen([program, "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            _answers(port)
            pids = [child.pid for child in psutil.Process(server.pid).children()]
            yield Endpoint(f"http://127.0.0.1:{port}", pids)
        finally:
            server.terminate()
            server.wait(10)


def _answers(port: int) -> None:
    end = time.monotonic() + 15
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


class Clients:
    """So many at once, in one thread of wrk, for whole seconds. They begin when it is made. Raises MissingError.

    `late` are the seconds within which 99 of 100 were answered, once `answered` has returned.
    """

    late = 0.0

    def __init__(self, url: str, body: bytes, count: int, seconds: int, keep: bool = True) -> None:
        self._before = _children()
        with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as script:
            script.write(SCRIPT % (json.dumps(body.decode()), "" if keep else CLOSE))
        self._script = Path(script.name)
        options = ["-t1", f"-c{count}", f"-d{seconds}s", "--timeout", "20s", "-s", script.name, url]
        self._wrk = subprocess.Popen([rival.program("wrk"), *options], stdout=subprocess.PIPE, text=True)

    @property
    def there(self) -> bool:
        """Whether they still ask."""
        return self._wrk.poll() is None

    def answered(self) -> tuple[int, float]:
        """Answers at the end, and seconds of processor time that asking took. ValueError unless all went well."""
        said = self._wrk.communicate()[0]
        self._script.unlink()
        requests, errors, late = map(int, said.rpartition("DONE ")[2].split())
        if errors or not requests:
            raise ValueError(said)
        self.late = late / 1e6
        return requests, _children() - self._before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
