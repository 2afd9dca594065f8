"""Moving traffic between two releases under 16 clients: ours, nginx by reload, HAProxy by its runtime API."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.rollout.state import SLOTS, Side, other
from mooring.targets.local.target import Local
from tests.bench import rival
from tests.bench.row import MissingError, Row

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "content.yaml"
REQUESTS = 10_000
SWITCHES = 300
RELOADS = 60
READY_SECONDS = 30
"""nginx starts new workers at every reload; more of them would measure only that."""

Switch = Callable[[str], float]
"""Sends traffic to a side; milliseconds it took."""


@dataclass(frozen=True)
class Outcome:
    """What became of the requests, and how long traffic had no side, and the whole call. Times in milliseconds."""

    requests: int
    lost: int
    took: list[float]
    calls: list[float]
    last_of_old: float

    def __str__(self) -> str:
        return f"{self.lost} of {self.requests:,} lost"


def run() -> list[Row]:
    """Our rows, each beside both rivals."""
    ours, several = _measure(mooring, SWITCHES), _measure(partial(mooring, workers=2), SWITCHES)
    rivals = [_rival("HAProxy", "haproxy", haproxy, SWITCHES), _rival("nginx", "nginx", nginx, RELOADS)]
    p99 = statistics.quantiles(ours.took, n=100)[98]

    def beside(figure: Callable[[Outcome], str]) -> str:
        return "; ".join(f"{name} {figure(found) if isinstance(found, Outcome) else found}" for name, found in rivals)

    def median(found: Outcome) -> str:
        return f"{statistics.median(found.took):.2f} ms"

    whole = ours.requests >= REQUESTS and all(isinstance(found, Outcome) for _, found in rivals)
    return [
        Row(f"switch, {SWITCHES} times", str(ours), beside(str), limit="0 lost", ok=ours.lost == 0 and whole),
        Row("switch, median", median(ours), beside(median), limit="< 1 ms", ok=statistics.median(ours.took) < 1),
        Row("switch, p99", f"{p99:.2f} ms", limit="< 10 ms", ok=p99 < 10),
        Row(
            f"switch of two workers a side, {SWITCHES} times",
            str(several),
            limit="0 lost",
            ok=several.lost == 0 and several.requests >= REQUESTS,
        ),
        Row(
            "switch of two workers a side, median",
            median(several),
            f"one worker {median(ours)}",
            limit="< 1 ms",
            ok=statistics.median(several.took) < 1,
        ),
        Row(
            "switch as a whole call, its record on disk, median",
            f"{statistics.median(ours.calls):.1f} ms, two workers a side {statistics.median(several.calls):.1f} ms",
            beside(lambda found: f"{statistics.median(found.calls):.1f} ms"),
        ),
        Row(
            "last answer from the old side, worst",
            f"{ours.last_of_old:.0f} ms",
            beside(lambda found: f"{found.last_of_old:.0f} ms"),
        ),
    ]


def _rival(
    name: str, program: str, front: Callable[[Path, ExitStack], tuple[str, Switch]], switches: int
) -> tuple[str, Outcome | str]:
    try:
        rival.program(program)
    except MissingError as missing:
        return name, f"not measured: {missing}"
    return name, _measure(front, switches)


def _measure(front: Callable[[Path, ExitStack], tuple[str, Switch]], switches: int) -> Outcome:
    """Switch to and fro, evenly over the time it takes to answer all requests."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url, switch = front(Path(folder), stack)
        load = stack.enter_context(_process("-m", "tests.bench.load", url, stdout=subprocess.PIPE))
        time.sleep(1)
        moments, took, calls = [], [], []
        pause = REQUESTS * 1.1 / 600 / switches  # 16 clients and 20 ms an answer make about 600 a second
        for number in range(switches):
            called = time.monotonic()
            took.append(switch(SLOTS[number % 2 == 0]))
            calls.append((time.monotonic() - called) * 1000)
            moments.append(time.monotonic() - took[-1] / 1000)
            time.sleep(pause)
        time.sleep(0.5)
        load.send_signal(signal.SIGTERM)
        answers = json.loads(load.communicate()[0])
    lost = [error for _when, _who, error in answers if error]
    return Outcome(len(answers), len(lost), took, calls, _last_of_old(moments, answers) * 1000)


def _last_of_old(moments: list[float], answers: list[tuple[float, str, str]]) -> float:
    """The longest time after a switch at which the side that was left still answered, in seconds."""
    worst, answers = 0.0, sorted(answers)
    for number, start in enumerate(moments):
        end = moments[number + 1] if number + 1 < len(moments) else start + 1
        old = SLOTS[number % 2]
        late = [when - start for when, who, _error in answers if start < when < end and who == old]
        worst = max([worst, *late])
    return worst


# --- the three fronts ---


def mooring(folder: Path, stack: ExitStack, workers: int = 1) -> tuple[str, Switch]:
    """The real supervisor over two slots of so many workers."""
    data = ReleaseContent.model_validate(yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))).model_dump(mode="json")
    data["environment"] |= {"endpoints": "real", "services": {"shop": "http://127.0.0.1:9"}}
    data["environment"]["serving"]["workers"] = workers
    release = Release.of(ReleaseContent.model_validate(data))
    command = (sys.executable, str(Path(__file__).with_name("backend.py")), "supervisor")
    target = Local(ROOT, release.content.environment, folder, command)
    target.ensure()
    stack.callback(target.down)
    target.put(release)
    for slot in SLOTS:
        target.stage(Side(slot, release.digest), 1)
    end = time.monotonic() + READY_SECONDS
    while not all(slot.ready for slot in target.facts().slots.values()):
        if time.monotonic() > end:
            raise TimeoutError(f"the slots are not ready: {target.logs('blue', 3)}")
        time.sleep(0.05)
    target.switch(Side("blue", release.digest), 1)
    return str(target.status().url), lambda to: target.switch(Side(to, release.digest), 1)


def haproxy(folder: Path, stack: ExitStack) -> tuple[str, Switch]:
    """One frontend; the runtime API takes one server out and the other in."""
    ports, public, api = _backends(stack), _free(), folder / "api"
    servers = "\n".join(f"  server {name} 127.0.0.1:{port}" for name, port in ports.items())
    (folder / "haproxy.cfg").write_text(
        f"global\n  stats socket {api} level admin\n"
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
        f"frontend public\n  bind 127.0.0.1:{public}\n  default_backend slots\nbackend slots\n{servers}\n"
    )
    stack.enter_context(_process("-db", "-f", str(folder / "haproxy.cfg"), program="/usr/sbin/haproxy"))
    _answers(public)

    def switch(to: str) -> float:
        start = time.perf_counter()
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(api))
            door.sendall(f"set server slots/{to} state ready; set server slots/{other(to)} state maint\n".encode())
            while door.recv(4096):
                pass
        return (time.perf_counter() - start) * 1000

    switch("blue")
    return f"http://127.0.0.1:{public}", switch


def nginx(folder: Path, stack: ExitStack) -> tuple[str, Switch]:
    """One upstream in an included file; a switch rewrites it and reloads."""
    ports, public, upstream = _backends(stack), _free(), folder / "upstream.conf"
    upstream.write_text(f"server 127.0.0.1:{ports['blue']};")
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr crit;\nevents {{}}\nhttp {{ access_log off;\n"
        + "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"upstream slots {{ include {upstream}; keepalive 32; }}\n"
        f"server {{ listen 127.0.0.1:{public}; location / {{ proxy_pass http://slots;\n"
        'proxy_http_version 1.1; proxy_set_header Connection ""; } } }\n'
    )
    front = stack.enter_context(_process("-c", str(folder / "nginx.conf"), program="/usr/sbin/nginx"))
    _answers(public)

    def switch(to: str) -> float:
        start = time.perf_counter()
        upstream.write_text(f"server 127.0.0.1:{ports[to]};")
        front.send_signal(signal.SIGHUP)
        return (time.perf_counter() - start) * 1000

    return f"http://127.0.0.1:{public}", switch


def _backends(stack: ExitStack) -> dict[str, int]:
    """Two servers of the same app, for a proxy in front of them."""
    ports = {name: _free() for name in SLOTS}
    for name, port in ports.items():
        stack.enter_context(_process("-m", "tests.bench.backend", "serve", name, str(port)))
    for port in ports.values():
        _answers(port)
    return ports


@contextmanager
def _process(
    *arguments: str, program: str = sys.executable, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT}"}
    process = subprocess.Popen([program, *arguments], cwd=ROOT, env=environ, stdout=stdout, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _answers(port: int) -> None:
    """Waits until something listens."""
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
