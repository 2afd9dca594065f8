"""Debian's real Prometheus and Alertmanager on loopback, each on a port of its own choosing."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

from tests.operate.objectives.promtool import HOW

STARTING = 30.0
"""Seconds that a server has to listen."""


@dataclass
class Running:
    """A server and its process."""

    url: str
    process: "subprocess.Popen[bytes]"

    def get(self, path: str, **query: str) -> Any:
        """The JSON of an answer."""
        answer = httpx2.get(f"{self.url}{path}", params=query, timeout=10, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """What a Prometheus has now."""
        found = self.get("/api/v1/query", query=expr)["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def firing(self) -> set[str]:
        """Names of the alerts that a Prometheus fires now."""
        alerts = self.get("/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def told(self) -> dict[str, str]:
        """States of the alerts that an Alertmanager has now, by name: `active` or `suppressed`."""
        return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in self.get("/api/v2/alerts")}


@contextmanager
def prometheus(folder: Path, rules: str, alertmanager: str = "") -> Iterator[Running]:
    """A Prometheus that scrapes each second what `scrape` names. It can be told to read its files again."""
    (folder / "rules.yaml").write_text(rules)
    (folder / "targets.json").write_text("[]")
    told = [{"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}] if alertmanager else []
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "alerting": {"alertmanagers": told},
        "scrape_configs": [{"job_name": "mooring", "file_sd_configs": [{"files": ["targets.json"]}]}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    options = ["--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--web.enable-lifecycle"]
    with _started(folder, "prometheus", *options) as running:
        yield running


def scrape(folder: Path, url: str, environment: str) -> None:
    """What is scraped from now on, with the label that rules select by."""
    target = {"targets": [re.sub(r"^https?://", "", url)], "labels": {"environment": environment}}
    (folder / "targets.new").write_text(json.dumps([target]))
    (folder / "targets.new").rename(folder / "targets.json")


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[Running]:
    """An Alertmanager that has no cluster."""
    (folder / "alertmanager.yaml").write_text(config)
    options = ["--config.file=alertmanager.yaml", "--storage.path=alerts", "--cluster.listen-address="]
    with _started(folder, "prometheus-alertmanager", *options) as running:
        yield running


@contextmanager
def _started(folder: Path, program: str, *options: str) -> Iterator[Running]:
    log = folder / f"{program}.log"
    with log.open("wb") as out:
        try:
            command = [program, *options, "--web.listen-address=127.0.0.1:0"]
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
        except FileNotFoundError:
            raise AssertionError(f"{program} lacks: {HOW}") from None
    try:
        yield Running(f"http://{_listening(log, process)}", process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listening(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """The address that a server says it listens on, once it answers there."""
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r'msg="?Listening on"? address=(127\.0\.0\.1:\d+)', log.read_text(errors="replace"))
        if found:
            try:
                if httpx2.get(f"http://{found[1]}/-/ready", timeout=1, trust_env=False).status_code == 200:
                    return found[1]
            except httpx2.HTTPError:
                pass
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace"))
