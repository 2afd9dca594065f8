"""The data of a status, made by hand: an environment that serves, one in trouble, one of which little is known."""

from copy import deepcopy
from typing import Any

AT = 1_795_997_000.0
"""Monday 30 November 2026, 00:03:20 UTC."""

COMMITS = ("7f3c9e1b2a4d5c6e7f8091a2b3c4d5e6f7081920", "1c0ffee5deadbeefcafe0123456789abcdef0123")
DIGESTS = tuple(
    f"sha256:{start}{'0123456789abcdef' * 4}"[:71] for start in ("3b21aa094c11", "9e44d0c7715f", "50ab7c2e9d38")
)

PROOF = {"rpo": 1.1, "rto": 14.2, "problem": ""}
FAILURE = "bake-failed: 9 of 120 requests failed"


def runtime(**changes: Any) -> dict[str, Any]:
    """What a slot says of itself."""
    rungs = {
        "L0": {"model": "openai/gpt-4-1", "breaker": "closed", "opens_in": 0.0},
        "L1": {"model": "anthropic/claude-sonnet-4-5", "breaker": "closed", "opens_in": 0.0},
        "L2": {"model": "local/qwen3-8b", "breaker": "closed", "opens_in": 0.0},
    }
    triage = {"L0": dict(rungs["L2"])}
    return {
        "agents": {
            "support": {"rungs": rungs, "answered": {"L0": 18204, "L1": 12, "L3": 2}},
            "triage": {"rungs": triage, "answered": {"L0": 940}},
        },
        "tools": {},
        "canaries": {"support": {"ok": True, "detail": "", "age": 41}},
        "memory": {"ratio": 0.31, "limit_mib": 1024},
        "context_ratio": 0.42,
        "conversations": 318,
        "spend": [],
        "queue_depth": 2,
        "loop_lag_seconds": 0.001,
        **changes,
    }


def slot(digest: str | None, commit: str | None = None, **changes: Any) -> dict[str, Any]:
    """One slot as the target tells it, and the commit of its release."""
    return {
        "digest": digest,
        "commit": commit,
        "pid": 4711,
        "ready": True,
        "reasons": [],
        "accepting": False,
        "totals": {"received": 0, "answered": 0, "failed": 0, "abandoned": 0, "lost": 0},
        "in_flight": 0,
        "restarts": 0,
        "spare": None,
        "rss": 190 * 2**20,
        "runtime": {},
        "workers": [],
        **changes,
    }


def worker(number: int, ready: bool = True) -> dict[str, Any]:
    return {
        "number": number,
        "pid": 4700 + number,
        "ready": ready,
        "accepting": ready,
        "in_flight": 1,
        "restarts": 0,
        "rss": 1,
    }


def objective(name: str, value: float | None, target: float, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "target": target,
        "holds": True,
        "budget": 0.8,
        "sparkline": [],
        "unit": "share",
        "at_least": True,
        **changes,
    }


def deployment(ago: float, kind: str, which: int, **changes: Any) -> dict[str, Any]:
    return {
        "at": AT - ago,
        "kind": kind,
        "actor": "ann",
        "digest": DIGESTS[which],
        "commit": COMMITS[which] if which < len(COMMITS) else None,
        "lost": 0,
        "requests": 168,
        "outcome": "done",
        **changes,
    }


def objectives() -> list[dict[str, Any]]:
    """All met; of one nothing is known."""
    uptime = [0.9991, 0.9994, 0.9989, 0.9996, 0.9997, 0.9993, 0.9995, 0.9998, 0.9996, 0.9997, 0.9999, 0.9998]
    mean = [1.9, 2.0, 1.8, 1.7, 2.4, 2.1, 1.9, 1.6, 1.7, 1.8, 1.7, 1.8]
    p99 = [9.1, 8.8, 9.4, 10.2, 14.0, 12.5, 9.9, 9.3, 9.0, 9.2, 8.9, 9.4]
    return [
        objective("uptime", 0.9998, 0.995, sparkline=uptime, budget=0.96),
        objective("mean", 1.8, 5.0, sparkline=mean, budget=None, unit="s", at_least=False),
        objective("p99", 9.4, 30.0, sparkline=p99, budget=0.81, unit="s", at_least=False),
        objective("retry-success", 0.974, 0.9, sparkline=[0.95, 0.97, None, 0.96, 0.974], budget=0.74),
        objective("degradation", 0.0008, 0.01, sparkline=[0.0, 0.0, 0.001, 0.0008], budget=0.92, at_least=False),
        objective("memory", 0.31, 0.8, sparkline=[0.28, 0.29, 0.30, 0.31], budget=None, at_least=False),
        objective("context", None, 0.85, holds=None, budget=None, at_least=False),
    ]


def checks() -> list[dict[str, Any]]:
    """What a patrol found: nothing."""
    return [
        {"check": check, "kind": kind, "state": "ok", "seconds": took, "detail": "", "since": AT - 86400}
        for check, kind, took in (
            ("openai/gpt-4-1", "llm-echo", 0.64),
            ("anthropic/claude-sonnet-4-5", "llm-echo", 0.91),
            ("orders", "http", 0.038),
            ("knowledge", "vector-query", 0.012),
            ("sessions", "redis-ping", 0.0007),
            ("certificate", "tls-expiry", 0.021),
        )
    ]


def serving() -> dict[str, Any]:
    """All is well: two slots, objectives that hold, a patrol without findings."""
    totals = {"received": 19161, "answered": 19158, "failed": 1, "abandoned": 2, "lost": 0}
    live = slot(
        DIGESTS[0], COMMITS[0], accepting=True, totals=totals, in_flight=3, spare="ready", runtime=runtime(),
        workers=[worker(1), worker(2)], rss=412 * 2**20,
    )  # fmt: skip
    warm = slot(DIGESTS[1], COMMITS[1], totals={**totals, "answered": 8406, "failed": 0})
    return {
        "at": AT,
        "repository": "https://github.com/acme/agents",
        "environment": "production",
        "running": True,
        "url": "https://127.0.0.1:8420",
        "supervisor": 4242,
        "simulator": None,
        "ledger": {"entry": 412, "behind": None, "others": [], "ahead": 0.0},
        "live": {"slot": "green", "digest": DIGESTS[0]},
        "slots": {"blue": warm, "green": live},
        "token": 88,
        "machine": "m1",
        "agents": {"support": {"L0": "openai/gpt-4-1"}},
        "simulated": {"models": False, "services": []},
        "phase": "idle",
        "quarantined": None,
        "lease": None,
        "since": "2026-11-29T20:14:05Z",
        "hotfixes": [],
        "exported": {"stream": AT - 0.8, "copy": AT - 720, "verified": AT - 2 * 86400, **PROOF},
        "jobs": [
            {"job": job, "first": AT - 9e5, "ran": AT - 600, "outcome": "ok", "reported": AT - 600, "late": False}
            for job in ("drift", "behaviour", "export-state", "verify-backup")
        ],
        "warnings": [],
        "objectives": objectives(),
        "patrol": checks(),
        "deployments": [
            deployment(3 * 3600 + 755, "deploy", 0),
            deployment(5 * 3600, "rollback", 1, actor="bob", requests=11),
            deployment(5 * 3600 + 900, "deploy", 2, outcome="taken-back", detail=FAILURE, requests=120),
            deployment(2 * 86400, "flip", 1, requests=24),
            deployment(6 * 86400, "deploy", 1, requests=None, lost=None, actor="release-bot"),
        ],
        "drift": {"checked": AT - 1200, "fields": []},
        "silences": [],
    }  # fmt: skip


def in_trouble() -> dict[str, Any]:
    """The primary is out: a breaker is open, alarms, a hotfix, a silence, a job that is late."""
    data = deepcopy(serving())
    told = data["slots"]["green"]["runtime"]
    told["agents"]["support"]["rungs"]["L0"] |= {"breaker": "open", "opens_in": 24.0}
    told["agents"]["support"]["rungs"]["L1"] |= {"breaker": "half-open"}
    told["canaries"]["support"] = {"ok": False, "detail": "answered from L2 and not L0", "age": 12}
    data["slots"]["green"] |= {"restarts": 2}
    data["slots"]["green"]["totals"] |= {"lost": 8}
    data["patrol"][0] |= {"state": "alarm", "seconds": 10.0, "detail": "no answer within 10 s", "since": AT - 660}
    data["patrol"][2] |= {"state": "warn", "seconds": 0.7, "detail": "slower than 500 ms", "since": AT - 300}
    data["patrol"][4] |= {"state": "unknown", "seconds": None, "detail": "not asked yet", "since": None}
    data["objectives"][0] |= {"value": 0.9912, "holds": False, "budget": 0.0}
    data["objectives"][0]["sparkline"] = [0.9998, 0.9998, 0.9997, 0.9996, 0.9981, 0.9960, 0.9941, 0.9920, 0.9912]
    data["objectives"][2] |= {"value": 28.4, "budget": 0.12, "sparkline": [9.4, 9.1, 9.9, 17.2, 24.8, 27.0, 28.4]}
    patch = {
        "document": "model/openai/gpt-4-1",
        "values": {"options.temperature": "0"},
        "owner": "ann",
        "reason": "it repeats itself",
        "since": "2026-11-29T23:40:00Z",
        "until": "2026-11-30T01:40:00Z",
    }
    data["hotfixes"] = [patch]
    data["silences"] = [
        {"what": "openai/gpt-4-1", "owner": "bob", "reason": "the vendor knows", "until": "2026-11-30T02:00:00Z"}
    ]
    data["lease"] = {"actor": "ann", "kind": "deploy", "owner": "m1:4711", "until": "2026-11-30T00:05:00Z", "token": 89}
    data["phase"] = "baking"
    data["quarantined"] = DIGESTS[2]
    data["drift"]["fields"] = ["model/openai/gpt-4-1:options.temperature", "tool/find-order:timeout"]
    data["jobs"][3] |= {"late": True, "reported": AT - 20 * 86400}
    data["jobs"][1] |= {"late": True, "reported": None}
    data["exported"] |= {"verified": None, "problem": "the bucket refused the last write: AccessDenied"}
    data["warnings"] = ["the state is on a network file system, where locks may not hold"]
    data["ledger"] |= {"others": [{"host": "db2", "folder": "/var/lib/mooring", "live": DIGESTS[0]}], "ahead": 12.0}
    data["simulated"] = {"models": True, "services": ["shop"]}
    return data


def down() -> dict[str, Any]:
    """Nothing runs, and nothing else is known."""
    nothing = slot(None, ready=False, totals={}, rss=0, pid=None)
    return {
        "at": AT,
        "repository": None,
        "environment": "staging",
        "running": False,
        "url": None,
        "supervisor": None,
        "simulator": None,
        "ledger": {},
        "live": None,
        "slots": {"blue": nothing, "green": nothing},
        "token": 0,
        "machine": "",
        "agents": {},
        "simulated": None,
        "jobs": [],
        "warnings": [],
        "objectives": None,
        "patrol": None,
        "deployments": None,
        "drift": None,
        "silences": [],
    }
