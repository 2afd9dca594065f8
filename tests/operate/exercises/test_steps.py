"""What the relay sees of a run: which steps were repeated, and what was done twice."""

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
from starlette.responses import Response

from mooring.operate.exercises.relay import Call
from mooring.operate.exercises.steps import ANSWERED, BEGUN, DONE, Point, Steps, points, ports_of

SAY = "Please open a ticket"


def model(answers: int, port: int = 1, say: str = SAY) -> Call:
    """The model is asked when it has said so much already."""
    messages = [{"role": "user", "content": f"Customer: {say}"}, *[{"role": "assistant", "content": ""}] * answers]
    return Call(port, "POST", "/v1/chat/completions", {}, json.dumps({"messages": messages}).encode())


def tool(key: str, port: int = 1) -> Call:
    return Call(port, "POST", "/services/desk/tickets", {"idempotency-key": key}, b"{}")


@pytest.fixture
def steps() -> Steps:
    found = Steps(SAY)
    found.told.set()
    return found


def done(steps: Steps, call: Call, status: int = 200, **headers: str) -> None:
    """A call that is passed on and answered."""
    steps.begun(call)
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    call.reply = Response(b"{}", status, told)
    steps.done(call)


def test_every_moment_of_a_run_is_a_point() -> None:
    found = [(point.number, point.moment) for point in points(2, 0.01)]
    assert found == [(1, BEGUN), (1, DONE), (2, BEGUN), (2, DONE), (2, ANSWERED)]


def test_calls_of_others_are_no_steps(steps: Steps) -> None:
    done(steps, model(0, say="What can you do?"))
    done(steps, Call(1, "GET", "/v1/models", {}, b""))
    assert steps.order == []


def test_a_step_under_way_may_be_done_again_and_a_finished_one_may_not(steps: Steps) -> None:
    done(steps, model(0))
    done(steps, tool("run-1"), 201)
    steps.killed = 1.0
    done(steps, tool("run-1"), 201, idempotent_replay="true")
    done(steps, model(1))
    assert (steps.repeated, dict(steps.effects)) == ([], {"run-1": 1})
    done(steps, model(0))
    assert steps.repeated == ["model 0"]


def test_a_step_that_is_done_three_times_is_repeated(steps: Steps) -> None:
    done(steps, model(0))
    steps.killed = 1.0
    done(steps, model(0))
    done(steps, model(0))
    assert steps.repeated == ["model 0"]


def test_an_effect_without_a_replay_is_a_second_one(steps: Steps) -> None:
    done(steps, tool("run-1"), 201)
    done(steps, tool("run-1"), 201)
    assert dict(steps.effects) == {"run-1": 2}


@pytest.mark.parametrize("moment", [BEGUN, DONE])
def test_the_process_of_the_step_is_killed_at_its_moment_and_no_other(moment: str, steps: Steps) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        doomed, port = connected(server)
        other, _ = connected(server)
        steps.processes, steps.point = [other.pid, doomed.pid], Point(2, moment)
        done(steps, model(0, port))
        assert doomed.poll() is None
        done(steps, tool("run-1", port), 201)
        assert doomed.wait(10) == -signal.SIGKILL
        assert other.poll() is None
        other.kill()
        other.wait()
    assert steps.died.is_set()
    done(steps, model(1, port))
    assert not steps.resumed, "the dead process had sent it before"
    done(steps, model(1, port + 1))
    assert steps.resumed >= steps.killed > 0


def connected(server: socket.socket) -> tuple[Any, int]:
    """A process with a connection to a server, and its port there."""
    host, port = server.getsockname()
    script = f"import socket, time; s = socket.create_connection(({host!r}, {port})); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script])
    _, (_, own) = server.accept()
    assert own in ports_of(process.pid)
    assert own not in ports_of(os.getpid()) or process.pid == os.getpid()
    return process, own
