"""A release holds what an environment's agents reach, with the environment's overrides written in."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.errors import FindingsError, UsageError
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.spec import FOLDERS

Documents = dict[str, dict[str, Any]]
Resolve = Callable[[Documents], Release]


@pytest.fixture
def documents(content: ReleaseContent) -> Documents:
    """The documents that resolve to `content`, by file."""
    data = content.model_dump(mode="json")
    prompt = data["prompts"].pop("support/main")
    head = {"apiVersion": "mooring/v1", "version": "1.0.0", "description": "Text.", "owner": "@tidewater/support"}
    own, message = prompt["messages"]
    text = own["content"].replace("Never promise", '{% include "shared/safety" %}\nNever promise')
    found = [
        data["environment"],
        *(
            document
            for kind in ("agents", "tools", "models", "resilience", "guards")
            for document in data[kind].values()
        ),
        {**head, "kind": "PromptPart", "name": "shared/safety", "text": "Refuse what is illegal."},
        {
            **head,
            "kind": "Prompt",
            "name": "support/main",
            "input": {"schema": prompt["input"]},
            "messages": [{"role": "system", "content": text}, message],
        },
    ]
    return {f"{FOLDERS[doc['kind']]}/{doc['name'].removeprefix('shared/')}.yaml": doc for doc in found}


def resolved(root: Path, documents: Documents) -> Release:
    for file, document in documents.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(json.dumps(document), encoding="utf-8")
    catalog, findings = load(WorkTree(root))
    assert {finding.check for finding in findings} <= {"header"}
    return resolve(catalog, "local")


def override(documents: Documents, *overrides: dict[str, Any]) -> Documents:
    documents["configs/environments/local.yaml"]["overrides"] = list(overrides)
    return documents


def test_prompts_stand_alone_in_a_release(tmp_path: Path, documents: Documents) -> None:
    prompt = resolved(tmp_path, documents).content.prompts["support/main"]
    assert "Refuse what is illegal." in prompt.messages[0].content
    assert prompt.parts == {"shared/safety": "1.0.0"}


def test_only_what_the_agents_reach_and_guards_are_in_a_release(tmp_path: Path, documents: Documents) -> None:
    spare = {**documents["configs/tools/shop/find-order.yaml"], "name": "shop/spare"}
    before = resolved(tmp_path, documents)
    after = resolved(tmp_path, {"configs/tools/shop/spare.yaml": spare})
    assert after == before
    assert set(before.content.tools) == {"shop/find-order", "shop/refund-order"}
    assert set(before.content.guards) == {"guards"}


def test_neither_the_folder_nor_the_order_of_files_and_keys_changes_the_digest(
    tmp_path: Path, documents: Documents
) -> None:
    def shuffled(value: Any, order: random.Random) -> Any:
        if isinstance(value, dict):
            return {key: shuffled(value[key], order) for key in order.sample(list(value), len(value))}
        return [shuffled(item, order) for item in value] if isinstance(value, list) else value

    digests = {resolved(tmp_path / str(seed), shuffled(documents, random.Random(seed))).digest for seed in range(5)}
    assert len(digests) == 1


def test_overrides_are_written_into_the_documents_and_out_of_the_environment(
    tmp_path: Path, documents: Documents
) -> None:
    values = {"retry.tries": 4, "ladder.apology.de": "Entschuldigung.", "deadlineSeconds": 75}
    changed = {"kind": "Resilience", "name": "standard", "set": values}
    content = resolved(tmp_path, override(documents, changed)).content
    profile = content.resilience["standard"]
    assert (profile.retry.tries, profile.deadline_seconds) == (4, 75)
    assert profile.ladder.apology["de"] == "Entschuldigung."
    assert content.environment.overrides == ()


def test_an_override_that_says_what_the_document_says_makes_the_same_release(
    tmp_path: Path, documents: Documents
) -> None:
    plain = resolved(tmp_path / "plain", documents)
    same = {"kind": "Resilience", "name": "standard", "set": {"retry.tries": 2}}
    assert resolved(tmp_path / "overridden", override(documents, same)) == plain


def test_a_model_that_only_an_override_names_is_reached(tmp_path: Path, documents: Documents) -> None:
    small = {**documents["configs/models/openai/gpt-4-1.yaml"], "name": "openai/small"}
    values = {"models.L0": "openai/small", "tools.1": "shop/find-order", "tools.0": "shop/refund-order"}
    changed = override(documents, {"kind": "Agent", "name": "support", "set": values})
    content = resolved(tmp_path, {**changed, "configs/models/openai/small.yaml": small}).content
    assert set(content.models) == {"openai/small", "anthropic/claude-sonnet-4-5"}
    assert content.agents["support"].tools == ("shop/refund-order", "shop/find-order")


def test_every_override_that_does_not_work_is_named_with_its_line(tmp_path: Path, documents: Documents) -> None:
    bad = override(
        documents,
        {"kind": "Resilience", "name": "standard", "set": {"retry.trys": 4}},
        {"kind": "Resilience", "name": "standard", "set": {"retry.tries": 99, "deadline.seconds": 5}},
        {"kind": "Resilience", "name": "standard", "set": {"retry.tries": 99}},
        {"kind": "Model", "name": "openai/gpt-4-1", "set": {"name": "other", "version": "2.0.0"}},
        {"kind": "Tool", "name": "shop/nothing", "set": {"approval": "none"}},
        {"kind": "Agent", "name": "support", "set": {"models.L0": "openai/missing", "tools.7": "x"}},
        {"kind": "Agent", "name": "support", "set": {"models.L0": "openai/missing"}},
    )
    with pytest.raises(FindingsError) as caught:
        resolved(tmp_path, bad)
    findings = caught.value.findings
    assert {finding.file for finding in findings} == {"configs/environments/local.yaml"}
    assert all(finding.line == 1 for finding in findings)
    said = "\n".join(f"{finding.path}: {finding.message}" for finding in findings)
    for expected in (
        "overrides.0.set.retry.trys: override of Resilience standard: Extra inputs are not permitted",
        "overrides.1.set.deadline.seconds: override of Resilience standard: there is no `deadline.seconds`",
        "overrides.2.set.retry.tries: override of Resilience standard: Input should be less than or equal to 5",
        "overrides.3.set.name: override of Model openai/gpt-4-1: `name` says which document this is",
        "overrides.3.set.version:",
        "overrides.4.name: override of Tool shop/nothing, which does not exist",
        "overrides.5.set.tools.7: override of Agent support: there is no `tools.7`",
        "agents: models of agent support names Model openai/missing, which does not exist",
    ):
        assert expected in said


def test_an_unknown_environment_is_told_the_nearest_and_all(tmp_path: Path, documents: Documents) -> None:
    resolved(tmp_path, documents)
    catalog, _ = load(WorkTree(tmp_path))
    with pytest.raises(UsageError, match=r"no environment 'locl'; did you mean 'local'.*there are: local"):
        resolve(catalog, "locl")


def test_a_model_that_only_summarises_is_reached(tmp_path: Path, documents: Documents) -> None:
    small = {**documents["configs/models/openai/gpt-4-1.yaml"], "name": "openai/small"}
    values = {"context.strategy": "summarise-middle", "context.summaryModel": "openai/small"}
    changed = override(documents, {"kind": "Resilience", "name": "standard", "set": values})
    content = resolved(tmp_path, {**changed, "configs/models/openai/small.yaml": small}).content
    assert "openai/small" in content.models
