"""How often the gate blocks a change that changes nothing, with a real model on this machine: 20 at 0.7.

The answers are a real model's, the verdicts those of the real `compare` and `decide`; nothing is simulated. 3 % are
promised; of 20, four or more would come by chance once in 370 times, so that many miss the limit.
"""

import asyncio
import json
import random
import re
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path

from mooring.errors import Failed
from mooring.evaluate.cases import suite_digest
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.live import CONFIRM_REPEATS
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.values import Reply, Results, Trial
from mooring.local_model.environment import python
from mooring.spec.suite import Case, EvalSuite
from mooring.targets.host.requirements import Weights
from mooring.targets.local.models import ModelServers
from tests.bench.bench_gate import NAIVE, OPTIONS
from tests.bench.row import MissingError, Row

CHANGES, REPEATS, TEMPERATURE, TOKENS = 20, 5, 0.7, 12
MOST = 3
SYSTEM = "You answer in one short sentence."
CASES = {
    "capital": ("What is the capital of France?", "paris"),
    "sum": ("What is two plus two?", r"\b(4|four)\b"),
    "sky": ("Which colour is a clear sky?", "blue"),
    "opposite": ("What is the opposite of hot?", "cold"),
    "week": ("Which day comes after Monday?", "tuesday"),
    "animal": ("Which animal says meow?", r"\bcats?\b"),
}
SUITE = EvalSuite(
    api_version="mooring/v1",
    kind="EvalSuite",
    name="facts",
    version="1.0.0",
    description="What every model knows, and a small one mostly says.",
    owner="@tidewater/support",
    agent="guide",
    tests=tuple(Case(id=name) for name in CASES),
)


class Asked:
    """The model, and how many answers it gave at what speed."""

    def __init__(self, model: Weights) -> None:
        self.model = model
        self.answers, self.tokens, self.seconds = 0, 0, 0.0
        self.rates: Counter[str] = Counter()
        self._port = int(model.url.rpartition(":")[2].partition("/")[0])

    def results(self, cases: Sequence[str], repeats: Sequence[int], chance: random.Random) -> Results:
        trials = tuple(self._trial(case, repeat, chance.getrandbits(31)) for case in cases for repeat in repeats)
        digests = {SUITE.name: suite_digest(SUITE)}
        return Results("sha256:0", "local-model", "live", 0, "2026-01-01T00:00:00+00:00", True, trials, digests)

    def _trial(self, case: str, repeat: int, seed: int) -> Trial:
        say, expect = CASES[case]
        started = time.monotonic()
        text = self._ask(say, seed)
        seconds = time.monotonic() - started
        self.answers, self.seconds = self.answers + 1, self.seconds + seconds
        passed = re.search(expect, text, re.IGNORECASE) is not None
        self.rates[case] += passed
        reply = Reply(text, cost_usd=0.0, latency_seconds=seconds)
        return Trial(SUITE.name, case, repeat, "live", (reply,), (), passed, 0.0)

    def _ask(self, say: str, seed: int) -> str:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": say}]
        body = {"messages": messages, "temperature": TEMPERATURE, "seed": seed, "max_tokens": TOKENS}
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
            answer = json.load(connection.getresponse())
        finally:
            connection.close()
        self.tokens += answer["usage"]["completion_tokens"]
        return str(answer["choices"][0]["message"]["content"])


def run() -> list[Row]:
    try:
        python()
    except Failed as failed:
        raise MissingError(str(failed)) from None
    with tempfile.TemporaryDirectory() as folder, socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{one.getsockname()[1]}/v1"
        one.close()
        servers = ModelServers(Path(folder))
        model = Weights("smollm2", "smollm2", url, "smollm2-135m-instruct", 1024)
        try:
            asyncio.run(servers.ensure([model]))
            return _rows(Asked(model))
        finally:
            servers.stop()


def _rows(asked: Asked) -> list[Row]:
    seen: Counter[str] = Counter()
    for seed in range(CHANGES):
        seen.update(_one(asked, random.Random(seed)))
    blocked = seen["fail"]
    plain = 2 * len(CASES) * REPEATS * CHANGES
    rates = ", ".join(f"{case} {asked.rates[case] / (asked.answers / len(CASES)):.0%}" for case in CASES)
    rivals = ", ".join(f"{name} {seen[name]}" for name in NAIVE)
    return [
        Row(
            "real model, nothing changed: blocked",
            f"{blocked} of {CHANGES}",
            rivals,
            limit=f"<= {MOST} of {CHANGES}",
            ok=blocked <= MOST,
        ),
        Row("  held, asked again", f"{seen['inconclusive']} held; {asked.answers - plain} answers on top of {plain}"),
        Row("  passed, by case", rates),
        Row("  speed", f"{asked.tokens / asked.seconds:.0f} tokens/s, {asked.seconds / asked.answers:.2f} s an answer"),
    ]


def _one(asked: Asked, chance: random.Random) -> Counter[str]:
    """What every gate says about one change that changes nothing."""
    base, head = (asked.results(list(CASES), range(REPEATS), chance) for _ in range(2))

    def again(cases: Sequence[CaseKey]) -> tuple[Results, Results]:
        chosen, repeats = [case for _, case in cases], range(1000, 1000 + CONFIRM_REPEATS)
        return asked.results(chosen, repeats, chance), asked.results(chosen, repeats, chance)

    verdict = decide(compare(base, head, {SUITE.name: SUITE}, OPTIONS), again)
    pairs = [
        (old.passed is True, new.passed is True)
        for old, new in zip(base.trials, head.trials, strict=True)
        if old.repeat == 0
    ]
    return Counter({verdict.outcome: 1} | dict.fromkeys((name for name, gate in NAIVE.items() if gate(pairs)), 1))
