"""Writes metrics in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]

Series = tuple[str, Labels]
"""A sample's name and labels, in the order in which they are written. An empty label is the same as none."""


@dataclass(slots=True)
class Family:
    """The series of one metric; `name` is as in the format, with `_total` for a counter."""

    name: str
    kind: str
    help: str
    samples: list[tuple[str, float]] = field(default_factory=list)
    """Each with its text up to the value."""


def kind_of(name: str, kind: str) -> tuple[str, str]:
    """The name and the type that the format has for a family of the client library."""
    if kind == "counter":
        return f"{name}_total", kind
    return (f"{name}_info", "gauge") if kind == "info" else (name, kind)


def labelled(labels: Mapping[str, str]) -> Labels:
    """Without those that are empty."""
    return tuple((name, value) for name, value in labels.items() if value)


def prefix(name: str, labels: Iterable[tuple[str, str]]) -> str:
    """`name{label="value"}`."""
    text = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
    return f"{name}{{{text}}}" if text else name


def render(families: Sequence[Family]) -> str:
    """All of it, with a line for what each metric is. Families without a series are left out."""
    lines = []
    for family in families:
        if family.samples:
            what = family.help.replace("\\", "\\\\").replace("\n", "\\n")
            lines += [f"# HELP {family.name} {what}", f"# TYPE {family.name} {family.kind}"]
            lines += [f"{text} {_number(value)}" for text, value in family.samples]
    return "\n".join((*lines, ""))


def _escaped(value: str) -> str:
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return value


def _number(value: float) -> str:
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text := repr(value), text)
