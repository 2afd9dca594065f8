"""What a person reads of a plan, in the terminal and in a pull request."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from mooring.change.plan import Plan, make_plan
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.report.plan_markdown import LONGEST, code, plan_markdown
from mooring.report.plan_override import override_snippet
from mooring.report.plan_text import plan_text
from mooring.spec import Override

Edit = Callable[[dict[str, Any]], ReleaseContent]
Golden = Callable[[str, str], None]

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SYSTEM, PARTS = "prompts.support/main.messages.0.content", "prompts.support/main.parts"

PLANS: dict[str, dict[str, Any]] = {
    "in-sync": {},
    "wording": {
        SYSTEM: "You answer customers of {{ shop }}.\nBe brief and friendly.\n"
        "Never promise a refund before a person approved it.\nSay what you looked up.\nOffer tea.\n",
        PARTS: {"shared/safety": "1.0.0", "shared/tone": "1.1.0"},
    },
    "refused": {
        SYSTEM: "You answer customers of {{ shop }}.\nBe short and friendly.\nSay what you looked up.\n",
        "prompts.support/main.version": "1.0.1",
        "agents.support.models.L0": "anthropic/claude-sonnet-4-5",
        "agents.support.tools": ["shop/refund-order"],
        "agents.support.version": "1.1.0",
        "agents.support.limits": {"maxModelCalls": 30, "maxToolCalls": 13},
        "tools.shop/find-order": ...,
        "tools.shop/refund-order.approval": "none",
    },
}

HOSTILE = (
    "</details>\n@octocat closes #1 ![x](https://evil.example/a.png) `<script>` ``` \x1b[31m \u202e www.evil.example"
)


@pytest.fixture
def planned(edit: Edit) -> Callable[[dict[str, Any]], Plan]:
    return lambda after: make_plan(Release.of(edit(after)), Release.of(edit({})), (), NOW)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_it_did(name: str, planned: Callable[[dict[str, Any]], Plan], golden: Golden) -> None:
    plan = planned(PLANS[name])
    golden(f"plan/{name}.txt", plan_text(plan))
    golden(f"plan/{name}.md", plan_markdown(plan))


def test_a_first_plan_reads_as_it_did(content: ReleaseContent, golden: Golden) -> None:
    plan = make_plan(Release.of(content), None, (), NOW)
    golden("plan/first.txt", plan_text(plan))
    golden("plan/first.md", plan_markdown(plan))


def test_the_override_in_the_snippet_lets_the_plan_pass(edit: Edit) -> None:
    desired, live = Release.of(edit(PLANS["refused"])), Release.of(edit({}))
    plan = make_plan(desired, live, (), NOW)
    assert plan.refusals
    overrides = []
    for file, snippet in override_snippet(plan):
        overrides.append(Override.model_validate(yaml.safe_load(snippet)))
        assert file == f"configs/overrides/{overrides[-1].name}.yaml"
    assert make_plan(desired, live, overrides, NOW).refusals == ()


def test_documents_cannot_put_anything_but_code_into_a_comment(edit: Edit) -> None:
    values = {
        "agents.support.description": HOSTILE,
        "agents.support.variables": {HOSTILE: HOSTILE},
        "environment.services": {HOSTILE: HOSTILE},
        SYSTEM: HOSTILE,
        "tools.shop/refund-order.approval": "none",
    }
    before = edit({"guards.guards.guards.0.reason": HOSTILE})
    plan = make_plan(Release.of(edit(values)), Release.of(before), (), NOW)
    assert plan.refusals
    text = plan_markdown(plan)
    assert "\x1b" not in text
    assert "\u202e" not in text
    # Fenced blocks first: their lines begin with a symbol, so nothing in them is a fence.
    outside = re.sub(r"^```\w+\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", outside)
    for dangerous in ("octocat", "evil", "<script", "closes"):
        assert dangerous not in outside
    assert outside.count("<details>") == outside.count("</details>") == 2


@pytest.mark.parametrize("text", ["plain", "`", "``a`", "a`", "`````"])
def test_a_code_span_holds_any_text(text: str) -> None:
    fence, shown = re.fullmatch(r"(`+) ?(.*?) ?\1", code(text)).groups()  # type: ignore[union-attr]
    assert shown == text
    assert fence not in text


@pytest.mark.slow
def test_a_comment_is_never_too_long_and_says_what_it_leaves_out(edit: Edit) -> None:
    tool = edit({}).tools["shop/find-order"].model_dump(mode="json")
    many = {f"shop/tool-{n}": {**tool, "name": f"shop/tool-{n}", "description": HOSTILE * 5} for n in range(1000)}
    plan = make_plan(Release.of(edit({"tools": many})), Release.of(edit({})), (), NOW)
    text = plan_markdown(plan)
    assert LONGEST - 1000 < len(text) <= LONGEST
    left = int(re.search(r"# … ([\d,]+) changes more", text).group(1).replace(",", ""))  # type: ignore[union-attr]
    shown = len(re.findall(r"^[-+!] .*\[[a-z.-]+(?:, risk \d+)?\]$", text, flags=re.MULTILINE))
    assert shown + left == len(plan.changes)
    assert text.rstrip().endswith(f"from `{plan.live}` to `{plan.desired}`")


def test_a_terminal_obeys_nothing_that_a_document_says(edit: Edit, content: ReleaseContent) -> None:
    plan = make_plan(Release.of(edit({"agents.support.variables": {HOSTILE: HOSTILE}})), Release.of(content), (), NOW)
    assert "\x1b" not in plan_text(plan)
    assert "\u202e" not in plan_text(plan)
