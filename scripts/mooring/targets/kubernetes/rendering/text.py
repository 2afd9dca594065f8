"""YAML with comments, and with the placeholders of a Helm chart where a value can be chosen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

WIDTH = 100
"""Characters up to which a list of plain values stands on one line."""

Comments = Mapping[str, str]
"""By dotted path, with `*` for the place in a list: what stands above a key, or above an item of a list."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value that is chosen when a chart is installed: what stands between the braces."""

    expression: str


@dataclass(frozen=True, slots=True)
class Only:
    """What is there only if a condition of a chart holds."""

    condition: str
    value: Any


def document(value: Mapping[str, Any], comments: Comments) -> str:
    """One YAML document."""
    return "".join(f"{line}\n" for line in _mapping(value, "", "", comments))


def _mapping(value: Mapping[str, Any], path: str, indent: str, comments: Comments) -> Iterator[str]:
    for key, given in value.items():
        below = f"{path}.{key}" if path else key
        yield from _comment(comments.get(below), indent)
        inner = given.value if isinstance(given, Only) else given
        lines = _entry(f"{_scalar(key)}:", inner, below, indent, comments)
        yield from _if(given.condition, lines) if isinstance(given, Only) else lines


def _entry(key: str, value: Any, path: str, indent: str, comments: Comments) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield f"{indent}{key}"
        yield from _mapping(value, path, f"{indent}  ", comments)
    elif isinstance(value, list) and value and not _fits(value):
        yield f"{indent}{key}"
        yield from _items(value, path, f"{indent}  ", comments)
    else:
        yield f"{indent}{key} {_scalar(value)}"


def _items(value: list[Any], path: str, indent: str, comments: Comments) -> Iterator[str]:
    for place, given in enumerate(value):
        yield from _comment(comments.get(f"{path}.{place}"), indent)
        inner = given.value if isinstance(given, Only) else given
        lines = _item(inner, f"{path}.*", indent, comments)
        yield from _if(given.condition, lines) if isinstance(given, Only) else lines


def _item(value: Any, path: str, indent: str, comments: Comments) -> Iterator[str]:
    if not isinstance(value, Mapping) or not value:
        yield f"{indent}- {_scalar(value)}"
        return
    dash = f"{indent}- "
    for line in _mapping(value, path, f"{indent}  ", comments):
        # A comment of the first key stands above the item.
        if dash and line.lstrip().startswith("#"):
            yield f"{indent}{line.lstrip()}"
        else:
            yield f"{dash}{line[len(dash) :]}" if dash else line
            dash = ""


def _if(condition: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"{{{{- if {condition} }}}}"
    yield from lines
    yield "{{- end }}"


def _comment(text: str | None, indent: str) -> Iterator[str]:
    return (f"{indent}# {line}" for line in (text or "").splitlines())


def _fits(value: list[Any]) -> bool:
    return all(not isinstance(one, Mapping | list | Only) for one in value) and len(_scalar(value)) < WIDTH


def _scalar(value: Any) -> str:
    """As one line. What looks like something else than a text is quoted."""
    if isinstance(value, Chosen):
        return f"{{{{ {value.expression} }}}}"
    if isinstance(value, list) and any(isinstance(one, Chosen) for one in value):
        return f"[{', '.join(map(_scalar, value))}]"
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
