"""`moor import` and `moor export`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.repository import CONTENT

EXAMPLES = Path(__file__).parent / "examples"
MCP, PROMPTFOO = EXAMPLES / "mcp/tickets.json", EXAMPLES / "promptfoo/support/promptfooconfig.yaml"
SHOP = EXAMPLES / "promptfoo/shop/promptfooconfig.yaml"
OURS = {"unused", "codeowners", "suite-agent"}
"""What only the one who imports can decide: who uses the documents."""


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "file", [MCP, PROMPTFOO, SHOP, *EXAMPLES.glob("*/*.prompt*"), EXAMPLES / "openai/desk.json"], ids=str
)
def test_documents_are_written_and_the_findings_that_remain_are_listed(file: Path, moor: Any, root: Path) -> None:
    code, said = moor("import", file)
    assert (code, said["reason"]) == (0, "changed")
    assert said["written"]
    assert {finding["check"] for finding in said["findings"]} <= OURS | {"suite-variables"}
    _, valid = moor("validate")
    listed = {(finding["file"], finding["check"]) for finding in valid["findings"]}
    assert {(finding["file"], finding["check"]) for finding in said["findings"]} <= listed
    assert {place for place in listed if place[0] in said["written"]} == {
        (finding["file"], finding["check"]) for finding in said["findings"] if finding["file"] in said["written"]
    }


def test_a_dry_run_writes_nothing(moor: Any, root: Path) -> None:
    before = tree(root)
    code, said = moor("import", MCP, "--dry-run")
    assert (code, said["reason"], said["written"]) == (0, "reported", [])
    assert len(said["documents"]) == 2
    assert tree(root) == before


def test_a_file_that_is_there_is_kept_unless_forced(moor: Any, root: Path) -> None:
    moor("import", MCP)
    assert moor("import", MCP)[1]["reason"] == "in-sync"
    tool = root / "configs/tools/tickets/close-ticket.yaml"
    tool.write_text("mine")
    code, said = moor("import", MCP)
    assert (code, said["fix"]) == (2, "--force, or rename them first")
    assert tool.read_text() == "mine"
    assert moor("import", MCP, "--force")[0] == 0
    assert tool.read_text() != "mine"


def test_a_model_that_is_there_is_kept(moor: Any, root: Path) -> None:
    before = tree(root)
    code, said = moor("import", PROMPTFOO, "--agent", "desk", "--owner", "@tidewater/support")
    assert code == 0
    assert "configs/models/openai/gpt-4-1-2025-04-14.yaml is there already" in str(said["left"])
    assert before.items() <= tree(root).items()
    suite = said["documents"]["evals/suites/support.yaml"]
    assert "agent: desk" in suite
    assert 'owner: "@tidewater/support"' in suite


def test_a_secret_is_never_written(moor: Any, root: Path, tmp_path: Path) -> None:
    key = "sk-proj-" + "a1B2" * 8
    config = tmp_path / "secret.yaml"
    config.write_text(f"providers: [{{id: openai:gpt-4.1, config: {{apiKey: {key}}}}}]\nprompts: ['My key is {key}']\n")
    code, said = moor("import", config)
    assert code == 0
    assert key not in json.dumps(said)
    assert not any(key.encode() in content for content in tree(root).values())


def test_documents_are_not_written_through_a_link(moor: Any, root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "configs/tools").symlink_to(tmp_path / "elsewhere")
    code, said = moor("import", MCP)
    assert (code, said["reason"]) == (1, "storage")
    assert not any((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "arguments",
    [["absent.yaml"], ["."], [MCP, "--owner", "me"], [MCP, "--kind", "csv"], [MCP, MCP.with_name("absent.json")], []],
)
def test_wrong_calls_change_nothing(arguments: list[Any], moor: Any, root: Path) -> None:
    before = tree(root)
    assert moor("import", *arguments)[0] == 2
    assert tree(root) == before


HOME = Path(__file__).parents[2]


@pytest.mark.parametrize("format_", ["openai", "mcp"])
def test_our_own_tools_go_out_and_come_back(format_: str, moor: Any, tmp_path: Path) -> None:
    out = tmp_path / "ours.json"
    code, said = moor("-C", CONTENT, "export", "tools", "--format", format_, "--out", out)
    assert (code, said["tools"]) == (0, json.loads(out.read_text()))
    code, taken = moor("import", out)
    assert (code, taken["left"]) == (0, [])
    listed = said["tools"]["tools"] if format_ == "mcp" else said["tools"]
    assert len(taken["written"]) == len(listed) >= 8


def test_one_tool_goes_out_by_name(moor: Any) -> None:
    code, said = moor("-C", CONTENT, "export", "tools", "shop/find-order")
    assert [tool["function"]["name"] for tool in said["tools"]] == ["find_order"]
    code, said = moor("-C", CONTENT, "export", "tools", "shop/find-ordr")
    assert (code, "shop/find-order" in said["message"]) == (2, True)


SOUND = "---\noutput:\n  schema: {type: object, properties: {a: {type: string}}}\n---\n{{question}}"


def test_what_would_not_validate_is_left_out_and_told(moor: Any, root: Path, tmp_path: Path) -> None:
    (tmp_path / "good.prompt").write_text(SOUND)
    (tmp_path / "bad.prompt").write_text(SOUND.replace("string", "strong"))
    code, said = moor("import", tmp_path / "good.prompt", tmp_path / "bad.prompt")
    assert (code, said["written"]) == (0, ["prompts/imported/good.yaml"])
    assert not (root / "prompts/imported/bad.yaml").exists()
    (note,) = [note for note in said["left"] if "would not validate" in note["text"]]
    assert note["file"] == str(tmp_path / "bad.prompt")
    assert "prompts/imported/bad.yaml is not written" in note["text"]
    assert "output.schema.properties.a.type: type is one of" in note["text"]
    assert "bad" not in str(said["findings"])


def test_nothing_left_to_write_is_no_success(moor: Any, root: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.prompt").write_text(SOUND.replace("string", "strong"))
    before = tree(root)
    for dry in ((), ("--dry-run",)):
        code, said = moor("import", tmp_path / "bad.prompt", *dry)
        assert (code, said["reason"], said["documents"]) == (1, "empty-set", {})
    assert tree(root) == before


def test_notes_have_file_and_line(moor: Any, root: Path) -> None:
    _, said = moor("import", SHOP, "--dry-run")
    note = {"path": "row 3 __expected3", "text": "javascript is code, which is never run"}
    assert {"file": str(SHOP.parent / "data/cases.csv"), "line": 5, **note} in said["left"]


@pytest.mark.parametrize("model", [True, False])
def test_a_suite_whose_judge_is_not_named_is_written_and_told(model: bool, moor: Any, tmp_path: Path) -> None:
    config: dict[str, Any] = {"tests": [{"vars": {"q": "Hi"}, "assert": [{"type": "llm-rubric", "value": "Kind."}]}]}
    config |= {"providers": ["openai:gpt-4.1-mini"]} if model else {}
    (tmp_path / "kind.json").write_text(json.dumps(config))
    code, said = moor("import", tmp_path / "kind.json")
    assert (code, "evals/suites/kind.yaml" in said["written"]) == (0, True)
    assert ("judge:" in said["documents"]["evals/suites/kind.yaml"]) is model
    assert "no judge is named" in str(said["chosen"] if model else said["left"])
    assert ("suite-judge" in str(said["findings"])) is not model
