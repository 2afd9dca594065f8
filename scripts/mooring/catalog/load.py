"""Files into a catalog: each is parsed, placed and made a model; whatever is wrong becomes a finding."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks import advised, check
from mooring.catalog.code import modules
from mooring.catalog.explain import explain
from mooring.catalog.formats import other_format
from mooring.catalog.incidents import histories
from mooring.catalog.nearest import suggestion
from mooring.catalog.parse import Parsed, parse
from mooring.catalog.secrets import secrets_in
from mooring.catalog.source import GitTree, Source, Unreadable, unreadable
from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.spec import FOLDERS, KINDS, Document, Model


def load(source: Source) -> tuple[Catalog, list[Finding]]:
    """The catalog of the valid documents, and what is wrong with the files. Never raises for bad documents.

    A commit of the past may have documents of an older format; they are read as their migration would have them.
    """
    entries: dict[tuple[str, str], Entry] = {}
    broken: set[tuple[str, str]] = set()
    findings: list[Finding] = []
    files = _as_current(source.files()) if isinstance(source, GitTree) else source.files()
    for file, content in sorted(files.items()):
        key, entry, found = read(file, content)
        findings += found
        if key is None:
            continue
        if entry is None:
            broken.add(key)
        else:
            entries.setdefault(key, entry)
    code, unread = modules(source.code())
    happened, wrong = histories(source.histories(), _vendors(entries, broken))
    catalog = Catalog(dict(sorted(entries.items())), frozenset(broken), code, happened)
    return catalog, advised(findings + unread + wrong)


def _as_current(files: Mapping[str, bytes | Unreadable]) -> dict[str, bytes | Unreadable]:
    from mooring.catalog.migrations.convert import as_current

    return {
        file: content if isinstance(content, Unreadable) else as_current(file, content)
        for file, content in files.items()
    }


def _vendors(entries: Mapping[tuple[str, str], Entry], broken: set[tuple[str, str]]) -> set[str] | None:
    """The providers of all models; None where one of them could not be read."""
    if any(kind == Model.__name__ for kind, _ in broken):
        return None
    documents = (entry.document for entry in entries.values())
    return {document.provider for document in documents if isinstance(document, Model)}


def load_valid(source: Source) -> Catalog:
    """The catalog, when nothing at all is wrong with it. Raises FindingsError with every finding."""
    catalog, findings = load(source)
    findings += check(catalog)
    if findings:
        raise FindingsError(findings)
    return catalog


def read(file: str, content: bytes | Unreadable) -> tuple[tuple[str, str] | None, Entry | None, list[Finding]]:
    """((kind, name), entry, findings) of one file. Without an entry the key says what it was meant to be, if known."""
    if isinstance(content, Unreadable):
        return _key_by_place(file), None, [unreadable(file, content)]
    parsed = parse(file, content)
    findings = [*parsed.findings, *secrets_in(file, content)]
    if parsed.data is None:
        return _key_by_place(file), None, findings
    if other := other_format(file, parsed):
        return _key_by_place(file), None, [*findings, other]
    kind = parsed.data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        findings.append(_unknown_kind(file, parsed, kind))
        return _key_by_place(file), None, findings
    findings += _placement(file, content, parsed, kind)
    entry, invalid = _model(file, parsed, KINDS[kind])
    name = parsed.data.get("name")
    key = (kind, name) if isinstance(name, str) else _key_by_place(file)
    return key, None if parsed.findings else entry, findings + invalid


def _model(file: str, parsed: Parsed, kind: type[Document]) -> tuple[Entry | None, list[Finding]]:
    """JSON's own strictness: no text is taken for a number or a truth value, no snake_case for a key."""
    try:
        document = kind.model_validate_json(json.dumps(parsed.data), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        return None, explain(file, parsed, kind, error)
    return Entry(document, file, parsed.lines, parsed.data or {}), []


def _unknown_kind(file: str, parsed: Parsed, kind: Any) -> Finding:
    if "kind" not in parsed.data if parsed.data else True:
        message = f"no `kind`; known: {', '.join(KINDS)}"
    else:
        message = f"unknown kind {kind!r}{suggestion(str(kind), KINDS)}"
    return Finding(file, parsed.lines.at("kind"), "kind", message, "kind", f"one of {', '.join(KINDS)}")


def _placement(file: str, content: bytes, parsed: Parsed, kind: str) -> Iterator[Finding]:
    """Whether folder, name, suffix and the first line say the same as the document."""
    data = parsed.data or {}
    path = PurePosixPath(file)
    folder = FOLDERS[kind]
    inside = file.startswith(f"{folder}/") and (kind != "Prompt" or not file.startswith(f"{FOLDERS['PromptPart']}/"))
    if not inside:
        line = parsed.lines.at("kind")
        yield Finding(file, line, "kind", f"a {kind} lives under {folder}/", "folder", f"move it to {folder}/")
    elif data.get("name") != (expected := _name_by_place(file, kind)):
        line = parsed.lines.at("name")
        yield Finding(
            file, line, "name", f"name and path differ: the path says {expected!r}", "name-path", f"name: {expected}"
        )
    if path.suffix != ".yaml":
        yield Finding(
            file,
            0,
            "",
            f"ends in {path.suffix}; documents end in .yaml",
            "file-suffix",
            f"rename it to {path.with_suffix('.yaml')}",
        )
    wanted = header(file, kind)
    if content.split(b"\n", 1)[0].rstrip().decode() != wanted:
        yield Finding(file, 1, "", "line 1 does not name this kind's schema for editors", "header", wanted)


def header(file: str, kind: str) -> str:
    """The first line of a document, by which editors find its JSON Schema."""
    up = "../" * (len(PurePosixPath(file).parts) - 1)
    return f"# yaml-language-server: $schema={up}schemas/{kind.lower()}.schema.json"


def _name_by_place(file: str, kind: str) -> str:
    base = "prompts" if kind == "PromptPart" else FOLDERS[kind]
    return str(PurePosixPath(file).relative_to(base).with_suffix(""))


def _key_by_place(file: str) -> tuple[str, str] | None:
    """What a file is meant to be, by its path alone; the deepest folder that fits wins, then the kind of its name."""
    fitting = [kind for kind, folder in FOLDERS.items() if file.startswith(f"{folder}/")]
    stem = PurePosixPath(file).stem
    kind = max(fitting, key=lambda kind: (len(FOLDERS[kind]), kind.lower() == stem, kind == "Guards"), default=None)
    return (kind, _name_by_place(file, kind)) if kind else None
