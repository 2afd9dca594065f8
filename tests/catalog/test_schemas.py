"""Generated JSON Schemas: they say the same as the loader, to any editor."""

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mooring.catalog import schemas
from mooring.catalog.jsonschemas import schema_problems
from mooring.catalog.load import header
from mooring.catalog.parse import parse
from mooring.spec import FOLDERS, KINDS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests" / "examples"
DOCUMENTS = ("configs", "prompts", "evals/suites", "evals/drills")
SHAPE = ("unknown-key", "missing-key", "tool-hints", "value")


def errors(root: Path) -> dict[str, list[str]]:
    """What the schemas say against each document under `root`."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for folder in DOCUMENTS for path in root.glob(f"{folder}/**/*.yaml")):
        if messages := refused(path.read_bytes()):
            found[path.relative_to(root).as_posix()] = messages
    return found


@cache
def refused(content: bytes) -> list[str]:
    """What is wrong with a document. Examples differ from each other in a file or two."""
    data: Any = parse("document.yaml", content).data
    text = schemas.schemas().get(f"{data['kind'].lower()}.schema.json", "true") if data else "true"
    return [error.message for error in Draft202012Validator(json.loads(text)).iter_errors(data)]


def test_the_committed_schemas_are_what_the_models_say() -> None:
    assert schemas.stale(ROOT) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(schemas.schemas()))
def test_a_schema_is_valid_described_and_names_no_host(name: str) -> None:
    schema = json.loads(schemas.schemas()[name])
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:mooring:v1:{name.removesuffix('.schema.json')}"
    assert schema["description"]
    assert set(re.findall(r"https?://[^/\"]+", json.dumps(schema))) <= {"https://json-schema.org"}
    assert [problem for problem in schema_problems(schema) if problem[1] != "$id"] == []


@pytest.mark.slow
def test_the_header_line_of_a_document_leads_to_its_schema() -> None:
    for kind in KINDS:
        file = f"{FOLDERS[kind]}/deep/down.yaml"
        target = header(file, kind).split("=", 1)[1]
        assert (ROOT / file).parent.joinpath(target).resolve().is_relative_to(ROOT / "schemas")
        assert Path(target).name in schemas.schemas()


@pytest.mark.slow
def test_valid_documents_fit_their_schemas() -> None:
    assert errors(EXAMPLES / "base") == {}
    assert errors(ROOT) == {}


@pytest.mark.slow
@pytest.mark.parametrize("check", SHAPE)
def test_editors_refuse_what_the_loader_refuses(check: str, stage: Any, tmp_path: Path) -> None:
    for number, edit in enumerate(sorted(EXAMPLES.glob(f"reject/{check}/*.edit"))):
        example = stage(edit, tmp_path / str(number))
        assert errors(example.root).keys() == {file for file, _ in example.expected}


@pytest.mark.slow
@pytest.mark.parametrize("check", SHAPE)
def test_editors_take_what_the_loader_takes(check: str, stage: Any, tmp_path: Path) -> None:
    for number, edit in enumerate(sorted(EXAMPLES.glob(f"accept/{check}/*.edit"))):
        assert errors(stage(edit, tmp_path / str(number)).root) == {}


@pytest.mark.slow
def test_writing_mends_what_is_stale_and_touches_nothing_else(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "schemas/agent.schema.json").write_text("{}")
    (tmp_path / "schemas/model.schema.json").unlink()
    (tmp_path / "schemas/robot.schema.json").write_text("{}")
    (tmp_path / "schemas/README.md").write_text("Read me.")
    before = (tmp_path / "schemas/tool.schema.json").stat().st_mtime_ns

    schemas.write(tmp_path)

    assert schemas.stale(tmp_path) == []
    assert (tmp_path / "schemas/tool.schema.json").stat().st_mtime_ns == before
    assert sorted(path.name for path in (tmp_path / "schemas").iterdir()) == sorted(["README.md", *schemas.schemas()])
