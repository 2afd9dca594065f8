"""Every meaning there is, with a change that has it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from mooring.change.diff import diff
from mooring.change.kinds import patrol
from mooring.change.meaning import MEANINGS, stands_for
from mooring.change.rules import Sides
from mooring.release.content import ReleaseContent
from mooring.spec.document import Document
from mooring.spec.patrol import Check, Patrol

Edit = Callable[[dict[str, Any]], ReleaseContent]

CASES = yaml.safe_load((Path(__file__).parent / "meanings.yaml").read_text(encoding="utf-8"))

EXISTENCE = {
    "agent": "agents.support",
    "chat": "chats.chat",
    "code": "code.shipping",
    "drift": "drift.drift",
    "export": "exports.export",
    "guards": "guards.guards",
    "model": "models.anthropic/claude-sonnet-4-5",
    "objectives": "objectives.objectives",
    "patrol": "patrols.patrol",
    "prompt": "prompts.support/main",
    "repository": "repositories.github",
    "resilience": "resilience.standard",
    "tool": "tools.shop/find-order",
}
"""Documents whose coming and going is a change, by kind."""


@pytest.mark.parametrize("case", CASES, ids=[case["code"] for case in CASES])
def test_a_change_means_what_the_table_says(case: dict[str, Any], edit: Edit) -> None:
    changes = diff(edit(case.get("after", {})), edit(case.get("before", {})))
    found = [(change.code, change.risk, change.text) for change in changes if change.code == case["code"]]
    assert found == [(case["code"], MEANINGS[case["code"]].risk, case["says"])]


@pytest.mark.parametrize("kind", EXISTENCE)
def test_a_document_that_comes_or_goes_is_one_change(kind: str, edit: Edit, content: ReleaseContent) -> None:
    without = edit({EXISTENCE[kind]: ...})
    assert [(change.action, change.code) for change in diff(content, without)] == [("add", f"{kind}.added")]
    assert [(change.action, change.code) for change in diff(without, content)] == [("remove", f"{kind}.removed")]


@pytest.mark.parametrize(
    ("bind", "words"),
    [
        ({"type": "python", "callable": "tools.orders:find"}, "tools.orders:find"),
        ({"type": "mcp", "server": "warehouse", "tool": "find"}, "find of warehouse"),
    ],
)
def test_a_tool_that_is_bound_in_another_way_calls_elsewhere(
    bind: dict[str, str], words: str, edit: Edit, content: ReleaseContent
) -> None:
    changes = diff(edit({"tools.shop/find-order.bind": bind}), content)
    said = f"tool shop/find-order: GET shop/orders/{{orderId}} → {words}"
    assert [(change.code, change.text) for change in changes] == [("tool.endpoint-changed", said)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, {"encryption": None}, "copies are no longer encrypted"),
        ({}, {"atLeast": 1}, "copies that stay whatever their age 3 → 1"),
        ({}, {"everyMinutes": 240}, "from one copy to the next 60 → 240 min"),
        (
            {"holds": [{"prefix": "runs/2030", "reason": "Case 12", "until": None}]},
            {},
            "the hold on runs/2030 (Case 12) ends",
        ),
    ],
)
def test_copies_that_are_kept_less_well_are_a_weakening(
    before: dict[str, Any], after: dict[str, Any], said: str, edit: Edit
) -> None:
    old, new = (edit({f"exports.export.{key}": value for key, value in side.items()}) for side in (before, after))
    assert [(change.code, change.text) for change in diff(new, old)] == [("export.weakened", f"export export: {said}")]


@pytest.mark.parametrize(
    ("values", "code", "said"),
    [
        ({"failures": 3}, "weakened", "looks in a row until a check gets worse 2 → 3"),
        ({"failures": 1}, "changed", "looks in a row until a check gets worse 2 → 1"),
        ({"recoveries": 1}, "weakened", "patrols in a row until a check gets better 2 → 1"),
        ({"checks.1.alarmAboveSeconds": 0.3}, "weakened", "check cache: alarmAboveSeconds 0.2 → 0.3"),
        ({"checks.1.alarmAboveSeconds": 0.1}, "changed", "check cache: alarmAboveSeconds 0.2 → 0.1"),
        ({"checks.0.models": ["openai/gpt-4-1"]}, "weakened", "check models: models all → openai/gpt-4-1"),
        ({"checks.1.environments": ["staging"]}, "weakened", "check cache: environments all → staging"),
        ({"checks.1": ...}, "weakened", "check cache (redis-ping) is no longer made"),
        ({"checks.1.failures": 10}, "weakened", "check cache: failures nothing → 10"),
        ({"checks.1.failures": 2}, "changed", "check cache: failures nothing → 2"),
        ({"checks.1.failures": 1}, "changed", "check cache: failures nothing → 1"),
        ({"checks.1.recoveries": 1}, "weakened", "check cache: recoveries nothing → 1"),
        ({"checks.1.recoveries": 3}, "changed", "check cache: recoveries nothing → 3"),
        (
            {"checks.1.url": "redis://127.0.0.1:6380"},
            "changed",
            "check cache: url redis://127.0.0.1:6379 → redis://127.0.0.1:6380",
        ),
    ],
)
def test_fewer_and_looser_checks_are_a_weakening(
    values: dict[str, Any], code: str, said: str, edit: Edit, content: ReleaseContent
) -> None:
    after = edit({f"patrols.patrol.{path}": value for path, value in values.items()})
    assert [(change.code, change.text) for change in diff(after, content)] == [
        (f"patrol.{code}", f"patrol patrol: {said}")
    ]


CLUSTERED = {
    "type": "kubernetes",
    "cluster": "0f3c7d52-6a1e-4a7e-9f60-1d6f0f2b8f11",
    "namespace": "shop",
    "image": f"registry.example/shop@sha256:{'a' * 64}",
}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (None, ["10.0.0.0/28"], "narrowed"),
        (["10.0.0.0/28", "fd00::/64"], ["10.0.0.4/30"], "narrowed"),
        (["10.0.0.0/28", "kube-system"], ["kube-system"], "narrowed"),
        (["10.0.0.0/28"], ["10.0.0.0/24"], "widened"),
        (["10.0.0.0/28"], ["10.0.0.0/28", "kube-system"], "widened"),
        (["10.0.0.0/28"], ["fd00::/64"], "widened"),
        (["kube-system"], ["10.0.0.0/28"], "widened"),
        (["10.0.0.0/28"], None, "widened"),
    ],
)
def test_an_admin_port_that_more_addresses_reach_is_a_weakening(
    before: list[str] | None, after: list[str] | None, code: str, edit: Edit
) -> None:
    old, new = (edit({"environment.target": {**CLUSTERED, "adminSourceRanges": one}}) for one in (before, after))
    (change,) = diff(new, old)
    assert change.code == f"environment.admin-{code}"
    assert change.text.startswith("environment local: admin port of pods open to ")


KEYED = {"kind": "http", "name": "search", "url": "https://search.example/health", "secretRef": "env:SEARCH_KEY"}
VECTORS = {"type": "http", "url": "https://vectors.example/q", "body": {}, "results": "/r", "secretRef": "env:V"}
NEAREST = {"kind": "vector-query", "name": "nearest", "store": VECTORS}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({**KEYED, "secretRef": None}, KEYED, ["env:SEARCH_KEY is sent to https://search.example"]),
        (KEYED, {**KEYED, "secretRef": "env:OTHER"}, ["env:OTHER is sent to https://search.example"]),
        (
            KEYED,
            {**KEYED, "url": "https://elsewhere.example/health"},
            ["env:SEARCH_KEY is sent to https://elsewhere.example"],
        ),
        (KEYED, {**KEYED, "url": "http://search.example/health"}, ["env:SEARCH_KEY is sent to http://search.example"]),
        (KEYED, {**KEYED, "url": None, "service": "shop"}, ["env:SEARCH_KEY is sent to shop"]),
        (KEYED, {**KEYED, "url": "https://search.example/ready"}, []),
        (KEYED, {**KEYED, "secretRef": None}, []),
        (
            NEAREST,
            {**NEAREST, "store": {**VECTORS, "url": "https://other.example/q"}},
            ["env:V is sent to https://other.example"],
        ),
        (
            {"kind": "redis-ping", "name": "cache", "secretRef": "env:A"},
            {"kind": "redis-ping", "name": "cache", "secretRef": "env:B"},  # which holds its own address
            [],
        ),
    ],
)
def test_a_check_whose_secret_goes_elsewhere_is_a_high_risk(
    before: dict[str, Any], after: dict[str, Any], said: list[str], edit: Edit
) -> None:
    old, new = (edit({"patrols.patrol.checks.0": side}) for side in (before, after))
    changes = diff(new, old)
    sent = [change for change in changes if change.code == "document.secret-sent"]
    assert [change.text for change in sent] == [f"patrol patrol: the secret {text}" for text in said]
    assert all(change.risk == 7 for change in sent)
    assert len(changes) == len(sent) + 1


def test_a_new_check_and_a_new_patrol_say_where_their_secrets_go(edit: Edit) -> None:
    without, with_it = edit({"patrols.patrol": ...}), edit({"patrols.patrol.checks.0": KEYED})
    for before in (without, edit({})):
        codes = [change.code for change in diff(with_it, before)]
        assert codes.count("document.secret-sent") == 1
    assert "document.secret-sent" not in {change.code for change in diff(with_it, None)}


def test_a_model_that_moves_to_another_host_takes_its_key_there(edit: Edit, content: ReleaseContent) -> None:
    path = "models.anthropic/claude-sonnet-4-5.baseUrl"
    changes = diff(edit({path: "https://gateway.example/v1"}), content)
    assert sorted(change.code for change in changes) == ["document.secret-sent", "model.endpoint-changed"]
    moved = edit({path: "https://gateway.example/v2"})
    assert [change.code for change in diff(moved, edit({path: "https://gateway.example/v1"}))] == [
        "model.endpoint-changed"
    ]


DOOR = {"kind": "http", "name": "door"}
BUDGET = {"kind": "token-budget", "name": "spend", "usdPerMonth": 100}


@pytest.mark.parametrize(
    ("before", "after", "code", "said"),
    [
        (DOOR, {**DOOR, "statuses": [200, 500, 503]}, "weakened", "check door: statuses 2xx → 200, 500, 503"),
        (DOOR, {**DOOR, "statuses": [200, 204]}, "changed", "check door: statuses 2xx → 200, 204"),
        ({**DOOR, "statuses": [200]}, DOOR, "weakened", "check door: statuses 200 → 2xx"),
        ({**DOOR, "failures": 10}, {**DOOR, "failures": 3}, "changed", "check door: failures 10 → 3"),
        ({**DOOR, "failures": 1}, DOOR, "weakened", "check door: failures 1 → nothing"),
        (BUDGET, {**BUDGET, "tenant": "acme"}, "weakened", "check spend: tenant all → acme"),
        ({**BUDGET, "tenant": "acme"}, BUDGET, "changed", "check spend: tenant acme → all"),
        ({**BUDGET, "tenant": "acme"}, {**BUDGET, "tenant": "globex"}, "weakened", "check spend: tenant acme → globex"),
        (BUDGET, {**BUDGET, "usdPerMonth": 200}, "weakened", "check spend: usdPerMonth 100 → 200"),
    ],
)
def test_what_a_check_lets_pass_is_compared_with_what_was_in_force(
    before: dict[str, Any], after: dict[str, Any], code: str, said: str, edit: Edit
) -> None:
    old, new = (edit({"patrols.patrol.checks.0": side}) for side in (before, after))
    assert [(change.code, change.text) for change in diff(new, old)] == [(f"patrol.{code}", f"patrol patrol: {said}")]


def test_it_is_known_of_each_field_of_a_patrol_what_is_looser(content: ReleaseContent) -> None:
    union, _ = get_args(Check)
    fields = {field.alias or name for model in get_args(union) for name, field in model.model_fields.items()}
    listed = [*patrol.LOOSER, *patrol.NAMING, patrol.STATUSES, *patrol.OTHERWISE]
    assert sorted(listed) == sorted(fields - {"kind", "name"})
    head = {field.alias or name for name, field in Document.model_fields.items()}
    own = {field.alias or name for name, field in Patrol.model_fields.items()} - head - {"kind"}
    data = content.patrols["patrol"].model_dump(mode="json", by_alias=True)
    assert set(patrol.rules(Sides(data, data, content, content))) == own


def test_another_environment_is_another_document(edit: Edit, content: ReleaseContent) -> None:
    changes = diff(edit({"environment.name": "staging"}), content)
    assert [change.code for change in changes] == ["environment.removed", "environment.added"]


def test_every_meaning_has_a_case_here_and_no_case_is_without_a_meaning() -> None:
    existence = {f"{kind}.{way}" for kind in (*EXISTENCE, "environment") for way in ("added", "removed")}
    assert {case["code"] for case in CASES} | existence == set(MEANINGS)


def test_every_weight_is_from_0_to_10_and_every_sentence_says_something() -> None:
    for code, meaning in MEANINGS.items():
        assert 0 <= meaning.risk <= 10, code
        assert meaning.sentence, code
        assert not meaning.kind_of or meaning.kind_of in MEANINGS, code
        assert meaning.risk >= MEANINGS[meaning.kind_of].risk if meaning.kind_of else True, code


@pytest.mark.parametrize(
    ("meaning", "code", "expected"),
    [
        ("tool.lost-approval", "tool.lost-approval", True),
        ("tool.*", "tool.lost-approval", True),
        ("*", "tool.lost-approval", True),
        ("tool.lost", "tool.lost-approval", False),
        ("model.*", "tool.lost-approval", False),
        ("budget.raised", "budget.doubled", True),
        ("budget.doubled", "budget.raised", False),
        ("model.swapped", "model.provider-swapped", True),
    ],
)
def test_a_guard_names_a_code_a_prefix_or_what_a_code_is_a_kind_of(meaning: str, code: str, expected: bool) -> None:
    assert stands_for(meaning, code) is expected
