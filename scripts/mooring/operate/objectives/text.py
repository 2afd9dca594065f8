"""YAML for people: a line that says where it comes from, and texts of several lines as such."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and repeats what is the same instead of referring to it."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def document(environment: str, data: Any) -> str:
    """The text of a rendered file."""
    body = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    return f"# Rendered by `moor objectives render {environment}`: change the Objectives document instead.\n{body}"
