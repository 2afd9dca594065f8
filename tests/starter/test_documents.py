"""Every document that `moor new` begins is one that the present spec takes, with a word about each choice."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks import check
from mooring.catalog.load import load, read
from mooring.catalog.source import Unreadable, WorkTree
from mooring.errors import UsageError
from mooring.simulator.rulebook import read as read_rules
from mooring.spec import KINDS
from mooring.starter import documents
from mooring.starter.kinds import ELSEWHERE, ROWS, Wish, kind_of, kinds
from mooring.starter.minimal import minimal
from mooring.starter.template import FOLDER, word
from tests.repository import CONTENT

OWNER = "@acme/desk"
HEAD = {"apiVersion", "kind", "name", "version", "description", "owner"}
EVERY_KIND = pytest.mark.parametrize("kind", sorted(ROWS))


@dataclass(frozen=True)
class Memory:
    """Documents that are nowhere but here."""

    texts: Mapping[str, str]
    label: str = "memory"

    def files(self) -> dict[str, bytes | Unreadable]:
        return {file: text.encode() for file, text in self.texts.items() if not file.startswith("evals/simulator/")}

    def code(self) -> dict[str, bytes | Unreadable]:
        return {}

    def histories(self) -> dict[str, bytes | Unreadable]:
        return {}


@pytest.fixture(scope="module")
def begun() -> dict[str, str]:
    return minimal(OWNER, ["helper", "desk/second-line"], ["local", "staging", "production"])


@pytest.fixture(scope="module")
def catalog(begun: dict[str, str]) -> Catalog:
    return load(Memory(begun))[0]


def test_every_kind_of_the_spec_begins_here_or_says_where() -> None:
    assert set(ROWS) | set(ELSEWHERE) == set(KINDS)
    assert not set(ROWS) & set(ELSEWHERE)
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {word(kind) for kind in ROWS} | {"rules"}


@EVERY_KIND
@pytest.mark.parametrize("name", ["first", "on", "1e5", "2nd", "team-a/first-one"])
def test_a_document_of_each_kind_is_taken_by_the_spec(kind: str, name: str, catalog: Catalog) -> None:
    files = ROWS[kind].write(Wish(name, OWNER, "helper" if kind == "EvalSuite" else None), catalog)
    entries = [read(file, text.encode()) for file, text in files.items()]
    assert [finding for _, _, found in entries for finding in found] == []
    (_, entry, _) = entries[0]
    assert entry is not None
    document = entry.document
    assert (document.kind, document.version, document.owner) == (kind, "1.0.0", OWNER)
    assert document.name.removeprefix("shared/") == name


@EVERY_KIND
def test_beside_the_others_a_document_lacks_nothing_but_somebody_who_uses_it(
    kind: str, begun: dict[str, str], catalog: Catalog
) -> None:
    if alone := {"Guards": "guards", "Repository": "github"}.get(kind):
        begun = {file: text for file, text in begun.items() if not file.startswith(f"configs/operations/{alone}")}
    files = ROWS[kind].write(Wish("desk/new", OWNER, "helper" if kind == "EvalSuite" else None), catalog)
    beside, found = load(Memory(begun | files))
    assert {finding.check for finding in [*found, *check(beside)]} <= {"unused"}


@EVERY_KIND
def test_every_key_of_the_kind_is_there_or_shown_in_a_comment(kind: str, catalog: Catalog) -> None:
    files = ROWS[kind].write(Wish("helper/new", OWNER), catalog)
    text = next(iter(files.values()))
    missing = [field.alias for field in KINDS[kind].model_fields.values() if f"{field.alias}:" not in text]
    assert missing == []


@EVERY_KIND
def test_every_choice_has_a_comment(kind: str, catalog: Catalog) -> None:
    """On the line of the key, right above it, or within its value."""
    text = next(iter(ROWS[kind].write(Wish("helper/new", OWNER), catalog).values()))
    lines = text.splitlines()
    keys = [(number, match[1]) for number, line in enumerate(lines) if (match := re.match(r"([a-zA-Z]+):", line))]
    ends = [number for number, _ in keys[1:]] + [len(lines)]
    silent = [
        key
        for (number, key), end in zip(keys, ends, strict=True)
        if key not in HEAD and not any("#" in line for line in lines[number - 1 : end])
    ]
    assert silent == []


def test_an_agent_is_given_what_the_prompt_of_its_name_needs(tmp_path: Path) -> None:
    there, _ = load(WorkTree(CONTENT))
    files = ROWS["Agent"].write(Wish("support/main", OWNER), there)
    assert list(files) == ["configs/agents/support/main.yaml"]
    (_, entry, found) = read(*((file, text.encode()) for file, text in files.items()).__next__())
    assert entry is not None
    assert not found
    assert set(entry.data["variables"]) == {"company", "assistant"}
    assert entry.data["models"]["L0"] != entry.data["models"]["L1"]


def test_without_any_document_an_agent_brings_all_that_it_needs() -> None:
    files = ROWS["Agent"].write(Wish("first", OWNER), load(Memory({}))[0])
    folders = {file.rsplit("/", 1)[0] for file in files}
    assert folders == {
        "configs/agents",
        "configs/models/openai",
        "configs/models/anthropic",
        "configs/resilience",
        "prompts",
    }


def test_a_suite_asks_who_its_name_says_and_never_nobody(catalog: Catalog) -> None:
    write = ROWS["EvalSuite"].write
    assert "agent: desk/second-line\n" in write(Wish("desk/second-line/late", OWNER), catalog).popitem()[1].replace(
        " # who is asked", ""
    )
    with pytest.raises(UsageError, match="which agent"):
        write(Wish("other", OWNER), catalog)
    with pytest.raises(UsageError, match="did you mean 'helper'"):
        write(Wish("other", OWNER, "helpr"), catalog)
    with pytest.raises(UsageError, match="no agent"):
        write(Wish("other", OWNER), load(Memory({}))[0])


@pytest.mark.slow
def test_a_new_environment_takes_a_port_of_its_own_and_the_tier_of_its_name() -> None:
    there, _ = load(WorkTree(CONTENT))
    for name, tier in (("qa", "development"), ("staging-eu", "staging"), ("eu/production", "production")):
        text = ROWS["Environment"].write(Wish(name, OWNER), there).popitem()[1]
        assert f"tier: {tier}\n" in text
        assert "listen: 127.0.0.1:8423 " in text


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("agnt", "this version has no kind of document 'agnt'; did you mean 'agent'?"),
        ("schedule", "this version has no kind of document 'schedule'"),
        ("override", "no Override is begun from nothing"),
    ],
)
def test_a_kind_that_cannot_begin_is_refused_with_what_was_meant(said: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        kind_of(said)
    assert str(refused.value) == message
    assert refused.value.fix


def test_kinds_are_named_as_people_say_them() -> None:
    assert {kind_of(said) for said in ("suite", "EvalSuite", "Suite")} == {"EvalSuite"}
    assert {"agent", "prompt", "tool", "model", "suite", "environment"} <= set(kinds())


def test_the_smallest_world_knows_every_model_that_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(next(iter(documents.rules().values())))
    book = read_rules(tmp_path)
    for model in ("gpt-4.1-2025-04-14", "claude-sonnet-4-5-20250929", "o3", "mistral-large-2411"):
        assert book.vendor(model) is not None
