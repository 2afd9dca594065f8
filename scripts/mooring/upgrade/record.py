"""The record of where a copy's product files come from: `.github/template.json`."""

import json
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mooring.errors import UsageError
from mooring.upgrade.files import RECORD
from mooring.upgrade.git import Git

_SCP = re.compile(r"(?!-)[\w.@~-]+:(?!//)\S+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


class Record(BaseModel):
    """`address` is the template's, or "" when it was only ever a folder of some machine; `commit` is there from the
    first upgrade on. A template may publish the record with its address alone, so that copies know where to ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = ""
    version: str = ""
    commit: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?$")] = ""

    def text(self) -> str:
        return json.dumps(self.model_dump(), indent=2, ensure_ascii=False) + "\n"


def read(git: Git, commit: str = "HEAD") -> Record:
    """The record in a commit; an empty one where there is none. Raises UsageError for one that cannot be read."""
    content = git.file(commit, RECORD)
    if content is None:
        return Record()
    try:
        record = Record.model_validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{RECORD} {place}: {first['msg']}".replace(" :", ":"), f"git log -p {RECORD}") from None
    if record.address and not is_url(record.address):
        raise UsageError(f"{RECORD}: {record.address!r} is no address of a git repository", "moor upgrade URL")
    check_address(record.address)
    return record


def is_url(text: str) -> bool:
    """Whether a text is an address that means the same on every machine: `https://…`, `host:path`; no `file:`."""
    return bool(_URL.fullmatch(text) or _SCP.fullmatch(text)) and not text.lower().startswith("file:")


def check_address(address: str) -> None:
    """Raises UsageError for an address with a password in it, which would be recorded and shown."""
    if not _URL.fullmatch(address):
        return
    try:
        parts = urlsplit(address)
    except ValueError:
        raise UsageError("that is no address", "moor upgrade --help") from None
    token = parts.username is not None and parts.scheme.lower() in ("http", "https")
    if parts.password is not None or token:
        where = f"{parts.scheme}://{parts.hostname}{parts.path}"
        raise UsageError(
            f"the address holds a name or password; {where} without them, and git's credential helper for them"
        )
