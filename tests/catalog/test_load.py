"""Files into documents: every finding at once, in words, and no secret in them."""

import shutil
from pathlib import Path

import pytest

from mooring.catalog.checks import check
from mooring.catalog.load import load, load_valid
from mooring.catalog.source import WorkTree
from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.spec import Agent, Environment, Model, Resilience

BASE = Path(__file__).parents[1] / "examples" / "base"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BASE, tmp_path / "tree"))


def edit(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def messages(root: Path) -> list[str]:
    return [finding.message for finding in load(WorkTree(root))[1]]


def test_documents_are_found_by_kind_and_name() -> None:
    catalog, found = load(WorkTree(BASE))
    assert found == []
    agent = catalog.get(Agent, "clerk")
    assert agent is not None
    assert agent.models.names() == (("L0", "large"), ("L1", "other"))
    assert catalog.get(Model, "clerk") is None
    assert list(catalog.all(Model)) == ["large", "other"]
    entry = catalog.entry("Model", "large")
    assert entry is not None
    assert (entry.file, entry.lines.at("id")) == ("configs/models/large.yaml", 9)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("configs/models/large.yaml", "provider:", "provder:", "unknown key 'provder'; did you mean 'provider'?"),
        ("configs/models/large.yaml", "inputPer", "inPer", "did you mean 'inputPerMillion'?"),
        ("configs/models/large.yaml", "kind: Model", "kind: model", "unknown kind 'model'; did you mean 'Model'?"),
        ("configs/models/large.yaml", "provider: north", "provider: []", "the value is text here"),
        ("configs/models/large.yaml", "openai-chat", "openai", "must be 'openai-chat' or 'anthropic-messages'"),
        ("configs/models/large.yaml", "Million: 2", "Million: -1", "must be greater than or equal to 0"),
        ("configs/models/large.yaml", "version: 1.0.0", "version: 1.0", "the value is text here"),
        ("configs/models/large.yaml", "version: 1.0.0", "version: v1", "must match pattern"),
        ("prompts/clerk.yaml", "- role: user", "- rol: user", "unknown key 'rol'; did you mean 'role'?"),
        ("configs/environments/here.yaml", "expect:", "expects:", "did you mean 'expect'?"),
        ("evals/suites/letters.yaml", "tests:", "tests: []\nx:", "the list must have at least 1 item, not 0"),
    ],
)
def test_what_is_wrong_is_said_in_words(root: Path, file: str, old: str, new: str, message: str) -> None:
    edit(root, file, old, new)
    assert any(message in found for found in messages(root)), messages(root)


def test_a_list_of_one_item_that_is_wrong_is_not_called_empty(root: Path) -> None:
    edit(root, "evals/suites/letters.yaml", "        - type: contains", "        - typ: contains")
    edit(root, "evals/suites/letters.yaml", "tests:\n  - id: finds", "quick:\n  - id: finds")
    edit(root, "evals/suites/letters.yaml", "  - id: asks-back", "tests:\n  - id: asks-back")
    assert {finding.path for finding in load(WorkTree(root))[1] if finding.check != "unknown-key"} == {
        "tests.0.turns.0.assert.0.type"
    }


def test_off_is_a_mode_and_no_truth_value(root: Path) -> None:
    """To most readers of YAML a bare `off` is false, which no mode is."""
    profile, around = "configs/resilience/calm.yaml", "deadlineSeconds: 120\n"
    edit(root, profile, around, f"{around}checkpoint: {{mode: off}}\n")
    catalog, found = load(WorkTree(root))
    assert found == []
    calm = catalog.get(Resilience, "calm")
    assert calm is not None
    assert calm.checkpoint.mode == "off"
    edit(root, profile, "  rungs:", "  lastGood: {enabled: off}\n  rungs:")
    assert messages(root) == ["the value is true or false here"]


def test_every_finding_of_every_file_comes_at_once(root: Path) -> None:
    edit(root, "configs/models/large.yaml", "provider:", "provder:")
    edit(root, "configs/models/large.yaml", "2\n", "-1\n")
    edit(root, "configs/agents/clerk.yaml", "models:", "models: [")
    edit(root, "prompts/clerk.yaml", "name: clerk", "name: clark")
    (root / "configs/tools/desk/find.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(FindingsError) as raised:
        load_valid(WorkTree(root))
    assert {finding.check for finding in raised.value.findings} >= {
        "encoding",
        "missing-key",
        "name-path",
        "unknown-key",
        "value",
        "yaml-syntax",
    }
    assert list(raised.value.findings) == sorted(raised.value.findings)


def test_a_broken_document_hides_nothing_and_blames_nobody_else(root: Path) -> None:
    """What names it is not unresolved; what only it may name is not unused."""
    edit(root, "configs/agents/clerk.yaml", "prompt: clerk", "prompt: {}")
    catalog, found = load(WorkTree(root))
    assert [finding.check for finding in found] == ["value"]
    assert check(catalog) == []


def test_a_broken_environment_is_still_an_environment(root: Path) -> None:
    edit(root, "configs/environments/here.yaml", "tier:", "tear:")
    catalog, _ = load(WorkTree(root))
    assert catalog.get(Environment, "here") is None
    assert check(catalog) == []


def test_a_tree_without_documents_is_not_valid(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as raised:
        load_valid(WorkTree(tmp_path))
    assert [finding.check for finding in raised.value.findings] == ["empty"]


def test_no_finding_repeats_a_secret(root: Path) -> None:
    """Neither the scan nor an error about the value it stands in."""
    secret = "sk-proj-" + "Zx81kQm4Tn7Rw2Vb9Lc5Yd3H"
    edit(root, "configs/models/large.yaml", "secretRef: env:NORTH_KEY", f"secretRef: {secret}")
    edit(root, "configs/models/other.yaml", "apiType: anthropic-messages", f"apiType: {secret}")
    edit(root, "configs/agents/clerk.yaml", "prompt: clerk", f"prompt: [{secret}]")
    catalog, found = load(WorkTree(root))
    found += check(catalog)
    assert sum(finding.check == "secret" for finding in found) == 3
    assert sum(finding.check == "value" for finding in found) == 3
    assert secret[8:] not in repr(found)


def test_a_finding_reads_like_an_error_of_a_compiler(root: Path) -> None:
    edit(root, "configs/agents/clerk.yaml", "prompt: clerk", "prompt: clark")
    finding = next(found for found in check(load(WorkTree(root))[0]) if found.check == "reference-prompt")
    assert str(finding) == (
        "configs/agents/clerk.yaml:8 prompt: there is no Prompt 'clark'; did you mean 'clerk'?"
        " (fix: correct the name) [reference-prompt]"
    )
    assert isinstance(finding, Finding)
