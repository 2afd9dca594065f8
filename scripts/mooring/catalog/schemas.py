"""JSON Schemas of the document kinds, for editors: generated from the models, committed under schemas/."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from mooring.catalog.checks import CHECKS
from mooring.catalog.jsonschemas import DRAFT
from mooring.finding import Finding
from mooring.spec import KINDS, Document

FOLDER = "schemas"


_JSON = (bool, int, float, str)


class _Plain(GenerateJsonSchema):
    """Without a title made of each key, which tells nobody anything, and without OpenAPI's `discriminator`."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def tagged_union_schema(self, schema: Any) -> JsonSchemaValue:
        found = super().tagged_union_schema(schema)
        found.pop("discriminator", None)
        return found

    def encode_default(self, dft: Any) -> Any:
        """What is JSON already is taken as it is: most defaults are, and pydantic builds an adapter for each."""
        return dft if dft is None or type(dft) in _JSON else super().encode_default(dft)


def schemas() -> dict[str, str]:
    """Text of every schema by file name, such as `agent.schema.json`."""
    return {f"{kind.lower()}.schema.json": _text(kind, model) for kind, model in KINDS.items()}


def _text(kind: str, model: type[Document]) -> str:
    schema: JsonSchemaValue = model.model_json_schema(by_alias=True, schema_generator=_Plain)
    head = {"$schema": DRAFT, "$id": f"urn:mooring:v1:{kind.lower()}"}
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def stale(root: Path) -> list[Finding]:
    """A finding for each file under schemas/ that is missing, different, or of no kind."""
    folder = root / FOLDER
    wanted = schemas()
    there = {path.name for path in folder.glob("*.schema.json")}
    found = [_finding(name, "is of no kind of document") for name in sorted(there - wanted.keys())]
    for name, text in wanted.items():
        if name not in there:
            found.append(_finding(name, "is missing"))
        elif (folder / name).read_text(encoding="utf-8") != text:  # with whichever line ends git wrote it
            found.append(_finding(name, "differs from the model it is generated from"))
    return sorted(found)


def _finding(name: str, message: str) -> Finding:
    return Finding(f"{FOLDER}/{name}", 0, "", message, "schema-stale", CHECKS["schema-stale"].fix)


def write(root: Path) -> None:
    """Writes schemas/ as the models say; each file is replaced at once, and what is of no kind is removed."""
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    for finding in stale(root):
        path = root / finding.file
        text = schemas().get(path.name)
        if text is None:
            path.unlink()
        else:
            replace_text(path, text)


def replace_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all; its mode stays what it was, and is 0644 for a new one."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
