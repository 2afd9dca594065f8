"""Python tools run in processes of their own, which nothing they do can take the slot down with."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from mooring.runtime.agent.tools.binding import Call
from mooring.runtime.agent.tools.workers import Workers

BIND = {"type": "python", "callable": "tools.shop:run"}


def source(text):
    return {"tools.shop": textwrap.dedent(text)}


def pid_alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def started():
    """Processes that the test has started: those of the session, such as servers for other tests, are not its."""
    before = set(psutil.Process().children())
    return lambda: set(psutil.Process().children()) - before


def test_a_function_answers_in_a_warm_process(on):
    code = source("""
        import os
        def run(words, times=2):
            return {"text": words * times, "pid": os.getpid()}
    """)

    async def work(bench):
        first, second = await bench.call("a", words="ab"), await bench.call("b", words="ab", times=1)
        assert (first["text"], second["text"]) == ("abab", "ab")
        assert first["pid"] == second["pid"] != os.getpid()
        assert bench.outcomes == ["done", "done"]

    on(work, BIND, code)


def test_no_process_is_started_before_a_call(on, started):
    async def work(bench):
        assert not started()

    on(work, BIND, source("def run(): ..."))


def test_modules_of_the_release_import_each_other_and_nothing_else_of_the_team(on):
    code = {
        "tools.shop": "from tools.data.rates import RATE\nfrom .data import rates\nrun = lambda: [RATE, rates.RATE]\n",
        "tools.data.rates": "RATE = 3\n",
    }

    async def work(bench):
        assert await bench.call() == [3, 3]

    on(work, BIND, code)


@pytest.mark.parametrize("module", ["tools.other", "mooring"])
def test_what_the_release_does_not_carry_cannot_be_imported(on, module):
    async def work(bench):
        assert await bench.call() == f"ModuleNotFoundError: No module named '{module}'"

    on(work, BIND, source(f"def run():\n    import {module}"))


def test_a_coroutine_is_run(on):
    async def work(bench):
        assert await bench.call() == "well"

    on(work, BIND, source("import asyncio\nasync def run():\n    await asyncio.sleep(0)\n    return 'well'"))


def test_a_function_that_takes_the_key_is_given_it(on):
    async def work(bench):
        assert await bench.call(order="A-1") == ["A-1", "refund-A-1"]

    code = source("def run(order, idempotency_key): return [order, idempotency_key]")
    on(work, BIND, code, idempotencyKey="refund-{order}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import signal; signal.signal(15, signal.SIG_IGN); signal.pause()",
    ],
    ids=["busy", "blocking", "deaf"],
)
def test_a_function_that_does_not_end_is_killed_at_its_timeout_and_the_next_call_answered(on, body):
    code = source(f"""
        import os
        def run(hang):
            if hang:
                print(os.getpid(), flush=True)
                {body}
            return os.getpid()
    """)

    async def work(bench):
        first = await bench.call("a", hang=False)
        started = time.monotonic()
        ticks = asyncio.create_task(ticking())
        assert await bench.call("b", hang=True) == "find_order did not answer within 1 seconds"
        assert time.monotonic() - started < 1.5
        assert ticks.cancel()
        assert await bench.call("c", hang=False) != first
        await asyncio.sleep(0)
        until(lambda: not pid_alive(first))
        assert bench.outcomes == ["done", "timeout", "done"]

    async def ticking():
        """The event loop is never blocked."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            assert time.monotonic() - before < 0.5

    on(work, BIND, code, timeoutSeconds=1)


@pytest.mark.slow
def test_what_a_tool_started_ends_with_it(on, tmp_path):
    code = source("""
        import subprocess, time
        def run(file):
            child = subprocess.Popen(["sleep", "60"])
            open(file, "w").write(str(child.pid))
            time.sleep(60)
    """)
    file = tmp_path / "pid"

    async def work(bench):
        await bench.call(file=str(file))
        until(lambda: not pid_alive(int(file.read_text())))

    on(work, BIND, code, timeoutSeconds=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Exception ignored in. <function BaseSubprocessTransport")
def test_a_child_that_got_away_holds_up_nothing(on):
    code = source("""
        import subprocess
        def run():
            return subprocess.Popen(["sleep", "60"], start_new_session=True).pid
    """)

    async def work(bench):
        return await bench.call(), time.monotonic()

    away, ending = on(work, BIND, code, environ={"PATH": os.environ["PATH"]})
    ended = time.monotonic()
    os.kill(away, signal.SIGKILL)
    gc.collect()  # asyncio complains of what was not waited for
    assert ended - ending < 10


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("exit(3)", "SystemExit: 3"),
        ("return {1, 2}", "TypeError: Object of type set is not JSON serializable"),
        ("return float('nan')", "ValueError: Out of range float values are not JSON compliant"),
        ("return 'y' * 70_000", "the result is larger than 65536 bytes; ask for less"),
        ("return bytearray(2**30) and 1", "MemoryError"),
        ("import os; os._exit(7)", "the tool's process ended in the middle of the call (exit code 7)"),
        ("import os; os.kill(os.getpid(), 11)", "the tool's process ended in the middle of the call (signal SIGSEGV)"),
        ("import os; os.close(4); os.close(3)", "the tool's process ended in the middle of the call"),
        ("import os; os.write(4, b'xxxx')", "the tool's process wrote what is no reply"),
    ],
)
def test_whatever_goes_wrong_is_told_to_the_agent_alone(on, body, words):
    async def work(bench):
        assert words in await bench.call("a", good=False)
        assert await bench.call("b", good=True) == "good"
        assert bench.outcomes == ["failed", "done"]

    code = source(f"def run(good):\n    if good: return 'good'\n    {body}")
    on(work, BIND, code, profile={"tools": {"tries": 1}})


def test_what_a_tool_prints_is_logged_and_is_no_result(on, caplog):
    caplog.set_level("INFO")
    code = source("""
        import os, sys
        def run():
            print("to the world")
            os.system("echo from a child")
            print("to whom it may concern", file=sys.stderr)
            print("x" * 200_000)
            return 1
    """)

    async def work(bench):
        assert await bench.call() == 1
        assert await bench.call("b") == 1

    on(work, BIND, code, environ={"PATH": os.environ["PATH"]})
    lines = [record.line for record in caplog.records if record.message == "tool output"]
    assert {"to the world", "from a child", "to whom it may concern"} <= set(lines)
    assert all(len(line) <= 500 for line in lines)


def test_a_process_has_no_secrets_and_not_the_public_port(on):
    code = source("""
        import os
        def run(): return [dict(os.environ), os.getpid(), os.getcwd(), os.getsid(0)]
    """)

    async def work(bench):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.set_inheritable(True)
            environ, pid, folder, session = await bench.call()
            process = psutil.Process(pid)
            assert process.net_connections("inet") == []
            assert process.num_fds() <= 7
        assert "OPENAI_API_KEY" not in environ
        assert environ["TZ"] == "UTC"
        assert (folder, session) == ("/", pid)

    on(work, BIND, code, environ={"OPENAI_API_KEY": "top", "TZ": "UTC"})


def test_a_cancelled_call_kills_its_process(on, started, tmp_path):
    running = tmp_path / "running"

    async def work(bench):
        task = asyncio.create_task(bench.call(file=str(running)))
        await asyncio.to_thread(until, running.exists)
        (child,) = started()
        task.cancel()
        await asyncio.wait({task})
        until(lambda: not pid_alive(child.pid))
        assert bench.outcomes == ["cancelled"]

    on(work, BIND, source("def run(file):\n    open(file, 'w').close()\n    while True: pass"))


@pytest.mark.slow
def test_processes_end_with_a_slot_that_is_killed(tmp_path):
    """Even one that is in the middle of a call and never looks at its input."""
    program = textwrap.dedent("""
        import asyncio, sys
        from mooring.runtime.agent.tools.binding import Call
        from mooring.runtime.agent.tools.workers import Workers

        async def main():
            workers = Workers({"tools.shop": "def run():\\n    while True: pass"}, {})
            task = asyncio.create_task(workers.call("tools.shop:run", Call("r", "k", {}, 1000)))
            while not workers._living:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            print(next(iter(workers._living)).pid, flush=True)
            await task

        asyncio.run(main())
    """)
    slot = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[4] / "scripts")},
    )
    with slot:
        pid = int(slot.stdout.readline()) if slot.stdout else 0
        assert pid_alive(pid)
        slot.kill()
    until(lambda: not pid_alive(pid))


@pytest.mark.slow
def test_calls_at_once_share_a_few_processes_and_wait_within_their_time():
    async def main():
        code = "import os, time\ndef run():\n    time.sleep(0.1)\n    return os.getpid()"
        workers = Workers({"tools.shop": code}, {})
        try:
            answers = await asyncio.gather(
                *(workers.call("tools.shop:run", Call("r", "k", {}, 1000)) for _ in range(12))
            )
        finally:
            await workers.close()
        assert 1 < len(set(answers)) <= 4
        until(lambda: not any(map(pid_alive, answers)))

    asyncio.run(main())


@pytest.mark.slow
def test_an_idle_process_that_died_is_replaced(on):
    async def work(bench):
        pid = await bench.call("a")
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert await bench.call("b") not in (pid, None)
        assert bench.outcomes == ["done", "done"]

    on(work, BIND, source("import os\ndef run(): return os.getpid()"))
