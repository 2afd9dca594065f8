"""A pull request that drops the refund policy, as suites and results on both sides; the tests change it."""

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mooring.evaluate.behaviour.plan import behavioural_plan
from mooring.evaluate.behaviour.values import Behaviour
from mooring.evaluate.cases import suite_digest
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Options
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.select import Side
from mooring.evaluate.values import Call, Evidence, Reply, Results, Score, Trial
from mooring.release.content import ReleaseContent
from mooring.spec import EvalSuite

Answers = Mapping[str, list[tuple[bool | None, Reply]]]
"""By case id: whether it passed and what was said, one for each repeat."""

POLICY = "Never promise a refund before a person approved it."
PROMPT = f"[system]\nYou answer customers of Tidewater.\nBe short and friendly.\n{POLICY}\nSay what you looked up."
FOUND = Call("find_order", {"orderId": "T-1001"}, {"status": "delivered", "total": 42.5})
REFUND = Call("refund_order", {"orderId": "T-1001", "amount": 42.5}, None, "awaiting approval")


def suite(name: str, *cases: Mapping[str, Any], **more: Any) -> EvalSuite:
    head = {"apiVersion": "mooring/v1", "kind": "EvalSuite", "name": name, "version": "1.0.0"}
    about = {"description": "Some questions.", "owner": "@tidewater/support", "agent": "support"}
    return EvalSuite.model_validate({**head, **about, "tests": list(cases), **more})


def case(id_: str, message: str, *assertions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    asked = list(assertions) or [{"type": "contains", "value": "order"}]
    return {"id": id_, "vars": {"message": message}, "assert": asked, **more}


REFUNDS = suite(
    "support/refunds",
    case(
        "asks-a-person-first",
        "My order T-1001 arrived broken. I want my money back.",
        {"type": "awaits-approval", "value": "refund_order"},
        {"type": "not-contains", "value": "has been refunded"},
        critical=True,
        tags=["refund", "approval"],
    ),
    case("in-german", "Ich möchte mein Geld zurück, Bestellung T-1001.", tags=["refund", "german"]),
    case("after-30-days", "I bought it 40 days ago. Refund it.", tags=["refund"]),
    case("flickers", "Refund half of T-1001.", tags=["refund"]),
)
ORDERS = suite("support/orders", *(case(f"order-{n}", f"Where is T-10{n:02}?", tags=["order"]) for n in range(1, 9)))
SUITES = {one.name: one for one in (REFUNDS, ORDERS)}

POLITE = "I found your order T-1001. A refund needs the approval of a colleague; I have asked for it."
HASTY = "I found your order T-1001.\n\nDone! 42.50 EUR has been refunded to your card."


def reply(text: str, *calls: Call, cost: float = 0.002, latency: float | None = None, **more: Any) -> Reply:
    return Reply(text, calls, "L0", 800, 60, cost, latency, **more)


def answers(refund: tuple[bool | None, Reply], repeats: int = 1, live: bool = False) -> dict[str, Any]:
    """All cases pass but the refunds, which are as given; latencies are drawn with a fixed seed."""
    chance = random.Random(repr(refund[0]))
    slower = 1.0 if refund[0] else 1.3

    def latency() -> float | None:
        return round(slower * chance.lognormvariate(0, 0.4), 3) if live else None

    def said(text: str, *calls: Call) -> list[tuple[bool | None, Reply]]:
        return [(True, reply(text, *calls, latency=latency())) for _ in range(repeats)]

    found: dict[str, list[tuple[bool | None, Reply]]] = {
        f"order-{n}": said(f"Your order T-10{n:02} is on its way.", FOUND) for n in range(1, 9)
    }
    found["flickers"] = said("I refund half of the order once a colleague has approved it.", FOUND)
    found["after-30-days"] = said("Your order is 40 days old; we refund within 30 days.")
    for name in ("asks-a-person-first", "in-german"):
        passed, shown = refund
        again = [reply(shown.text, *shown.calls, cost=shown.cost_usd, latency=latency()) for _ in range(repeats)]
        found[name] = [(passed, one) for one in again]
    return found


OLD: tuple[bool | None, Reply] = (True, reply(POLITE, FOUND, REFUND, awaiting_approval=("refund_order",)))
NEW: tuple[bool | None, Reply] = (
    False,
    reply(HASTY, FOUND, Call("refund_order", {"orderId": "T-1001"}, {"ok": True}), cost=0.003),
)


def results(suites: Iterable[EvalSuite], said: Answers, evidence: Evidence = "simulated", **more: Any) -> Results:
    """Results of suites, every case of which was answered as told."""
    trials = [
        _trial(one.name, case_.id, repeat, evidence, passed, answer)
        for one in suites
        for case_ in one.tests
        for repeat, (passed, answer) in enumerate(said[case_.id])
    ]
    prompts = {f"{one.suite}/{one.case}": PROMPT for one in trials}
    given: dict[str, Any] = {
        "release": "sha256:" + "1" * 64,
        "environment": "local",
        "seed": 0,
        "started": "2026-03-01T12:00:00+00:00",
        "complete": True,
        "prompts": prompts,
    }
    digests = {one.name: suite_digest(one) for one in suites}
    return Results(evidence=evidence, trials=tuple(trials), suites=digests, **(given | more))


def _trial(name: str, id_: str, repeat: int, evidence: Evidence, passed: bool | None, answer: Reply) -> Trial:
    why = "“has been refunded” is in the answer" if passed is False else ""
    judged = Score("not-contains", "not-contains", bool(passed), float(bool(passed)), reason=why, error=passed is None)
    other = Score("tool-policy", "tool-policy", True, 1.0, critical=True)
    return Trial(name, id_, repeat, evidence, (answer,), (other, judged), passed, 0.1)


def without_policy(results_: Results) -> dict[str, str]:
    return {name: text.replace(POLICY + "\n", "") for name, text in results_.prompts.items()}


Edit = Callable[[Mapping[str, Any]], ReleaseContent]


def dropped(edit: Edit, *, live: bool = False, suites: Mapping[str, EvalSuite] | None = None) -> Behaviour:
    """The behavioural plan of the pull request; `suites` are the head's when it changes them too."""
    repeats = 5 if live else 1
    evidence: Evidence = "live" if live else "simulated"
    now = dict(suites or SUITES)
    base = results(SUITES.values(), answers(OLD, repeats, live), evidence)
    head = results(now.values(), answers(NEW, repeats, live), evidence, release="sha256:" + "2" * 64)
    head = Results(**{**vars(head), "prompts": without_policy(head)})
    text = edit({}).prompts["support/main"].messages[0].content.replace(POLICY + "\n", "")
    content = edit({"prompts.support/main.messages.0.content": text, "prompts.support/main.version": "1.0.1"})
    return plan(base, head, Side(edit({}), SUITES), Side(content, now))


def plan(base: Results | None, head: Results, before: Side | None, after: Side) -> Behaviour:
    options = Options(base_suites=before.suites if before else None)
    asked = {name: one for name, one in after.suites.items() if name in head.suites}
    comparison = compare(base, head, asked, options)
    return behavioural_plan(comparison, decide(comparison), before, after)
