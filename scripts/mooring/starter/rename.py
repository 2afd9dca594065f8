"""Gives documents another owner in the text of their files, so that comments and order stay."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mooring.catalog.parse import parse

_KEYS = ("owner", "overrideOwners", "reviewers")


def renamed(files: Mapping[str, bytes], owner: str) -> dict[str, bytes]:
    """The files with `owner` for every owner, also for those who may override guards and approve
    deployments."""
    documents = {file: _renamed(file, content, owner) for file, content in files.items() if file.endswith(".yaml")}
    return {**files, **documents}


def _renamed(file: str, content: bytes, owner: str) -> bytes:
    found = set(_owners(parse(file, content).data))
    text = content.decode() if found - {owner} else ""
    if not text:
        return content
    for old in found:
        text = re.sub(rf"""(["']){re.escape(old)}\1""", rf"\g<1>{owner}\g<1>", text)
    quoted = rf"""["']{re.escape(owner)}["']"""
    text = re.sub(rf"({quoted})(?:,[ \t]*{quoted})+", r"\1", text)
    text = re.sub(rf"(?m)^([ \t]*-[ \t]+{quoted}[^\n]*\n)(?:[ \t]*-[ \t]+{quoted}[^\n]*\n)+", r"\1", text)
    return text.encode()


def _owners(data: Any) -> Iterator[str]:
    """Every value of `owner`, `overrideOwners` and `reviewers`, however deep."""
    if isinstance(data, list):
        for item in data:
            yield from _owners(item)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key in _KEYS:
                yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
            else:
                yield from _owners(value)
