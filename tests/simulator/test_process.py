"""The simulator as a process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.repository import CONTENT

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}


def command(state: Path, rules: Path = CONTENT / "evals/simulator", port: int = 0) -> list[str]:
    arguments = ["--rules", str(rules), "--state", str(state), "--port", str(port), "--latency", "0"]
    return [sys.executable, "-m", "mooring.simulator", *arguments, "--announce", str(state / "announce.json")]


def announced(state: Path) -> tuple[str, int]:
    """URL and pid, once they are there."""
    file, until = state / "announce.json", time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    said = json.loads(file.read_text())
    return said["url"], said["pid"]


def test_the_second_on_a_port_gives_up_in_one_line(tmp_path: Path) -> None:
    first = subprocess.Popen(command(tmp_path), env=ENVIRON)
    try:
        url, pid = announced(tmp_path)
        assert pid == first.pid
        port = int(url.rsplit(":", 1)[1])
        second = subprocess.run(command(tmp_path, port=port), env=ENVIRON, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert second.stderr == f"simulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        assert announced(tmp_path) == (url, pid)
    finally:
        first.terminate()
        assert first.wait(10) == 0


def test_sigterm_ends_it_soon_even_when_a_request_hangs(tmp_path: Path) -> None:
    process = subprocess.Popen(command(tmp_path), env=ENVIRON, stderr=subprocess.PIPE)
    url, _ = announced(tmp_path)
    httpx2.put(f"{url}/faults", json={"kind": "hang"})

    def hang() -> None:
        try:
            httpx2.get(f"{url}/services/shop/refunds", timeout=20)
        except httpx2.HTTPError:
            return

    thread = threading.Thread(target=hang)
    thread.start()
    while httpx2.get(f"{url}/faults").json()["faults"][0]["hits"] == 0:
        time.sleep(0.02)
    started = time.monotonic()
    process.terminate()
    assert process.wait(10) == 0
    thread.join()
    assert time.monotonic() - started < 3


def test_it_survives_its_parent(tmp_path: Path) -> None:
    script = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    subprocess.run([sys.executable, "-c", script, *command(tmp_path)], env=ENVIRON, check=True)
    url, pid = announced(tmp_path)
    try:
        assert httpx2.get(f"{url}/health").json()["status"] == "ok"
        os.kill(pid, signal.SIGHUP)
        assert httpx2.get(f"{url}/health").json()["status"] == "ok"
    finally:
        os.kill(pid, signal.SIGTERM)


def test_wrong_rules_are_told_with_their_place_and_nothing_starts(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text("description: x\nrulez: []\n")
    ended = subprocess.run(command(tmp_path, rules), env=ENVIRON, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"{rules}/a.yaml:2 rulez: unknown key 'rulez'" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "announce.json").exists()


def test_it_answers_without_any_rule(tmp_path: Path) -> None:
    process = subprocess.Popen(command(tmp_path, tmp_path / "nowhere"), env=ENVIRON)
    try:
        url, _ = announced(tmp_path)
        body = {"model": "mine-1", "messages": [{"role": "user", "content": "hello"}]}
        said = httpx2.post(f"{url}/v1/chat/completions", json=body, headers={"x-mooring-provider": "mine"})
        assert said.headers["x-simulated-rule"] == said.json()["system_fingerprint"] == "no-rule"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_a_state_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "services.db").write_bytes(b"this is no database, but long enough to look like a file of one" * 40)
    ended = subprocess.run(command(tmp_path), env=ENVIRON, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("simulator: cannot keep the services' data in ")
    assert ended.stderr.count("\n") == 1
