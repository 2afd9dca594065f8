"""YAML for people: a line that says where it comes from, and texts of several lines as such."""

from typing import Any

import yaml

FAST = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one in C is ten times as fast, and not everywhere."""


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


# Texts of several lines are written as blocks, and what is the same is repeated instead of referred to.
_DUMPER: Any = type("Dumper", (FAST,), {"ignore_aliases": lambda _self, _data: True})
_DUMPER.add_representer(str, _text)


def document(environment: str, data: Any) -> str:
    """The text of a rendered file."""
    body = yaml.dump(data, Dumper=_DUMPER, sort_keys=False, width=1000, allow_unicode=True)
    return f"# Rendered by `moor objectives render {environment}`: change the Objectives document instead.\n{body}"
