"""Data as the YAML that this repository writes: block style, texts of several lines as they are read."""

import re
from typing import Any

import yaml

_WIDTH = 110
_NUMBER = re.compile(r"[-+]?(0[ox]\w+|[0-9]*\.?[0-9]*([eE][-+]?[0-9]*)?)")


class OneLine(dict[str, Any]):
    """A mapping that is written on one line, `{type: contains, value: 30 days}`."""


class _Dumper(yaml.SafeDumper):
    """Block style; texts of several lines as they are read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Numbers of YAML 1.2 that are plain text to YAML 1.1 are quoted too; so is text that blanks begin or lines end."""
    tag = "tag:yaml.org,2002:str"
    if "\n" in text and not text[0].isspace() and not text.endswith("\n\n"):
        return dumper.represent_scalar(tag, text, style="|")
    return dumper.represent_scalar(tag, text, style='"' if text[:1] == "@" or _NUMBER.fullmatch(text) else None)


def _on_one_line(dumper: yaml.SafeDumper, data: OneLine) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(OneLine, _on_one_line)


def yaml_text(data: Any, *, flow: bool = False) -> str:
    """`data` as YAML in the order it has; with `flow` on one line, as inside of brackets."""
    width = float("inf") if flow else _WIDTH
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width, default_flow_style=flow)
