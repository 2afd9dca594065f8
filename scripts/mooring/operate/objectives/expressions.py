"""Reads every expression before anybody loads it: it parses, and names metrics and labels that there are."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from mooring.metrics import EVERYWHERE, SERIES
from mooring.operate.objectives.panels import RATE

BUILT_IN = {"ALERTS": ("alertname", "alertstate", "objective", "severity")}
"""Series that Prometheus makes itself, with the labels that may be used."""

Known = Mapping[str, tuple[str, ...]]
"""Labels by the name of a series."""


def problems(rules: str, dashboard: str) -> list[str]:
    """What is wrong with rendered files; empty when nothing is."""
    groups = yaml.safe_load(rules)["groups"]
    written = [rule for group in groups for rule in group["rules"]]
    known = {**SERIES, **BUILT_IN, **_recorded(written)}
    found = [f"{_named(rule)}: {wrong}" for rule in written for wrong in wrongs(rule["expr"], known)]
    for panel, query in _queries(json.loads(dashboard)):
        found += [f"panel {panel}: {wrong}" for wrong in wrongs(query.replace(RATE, "5m"), known)]
    return found


def wrongs(expr: str, known: Known) -> list[str]:
    """Why an expression would fail, or would find nothing for ever."""
    import promql_parser

    try:
        parsed = promql_parser.parse(expr)
    except ValueError as error:
        return [f"{error} in {expr}"]
    found = []
    for selected in _selectors(parsed):
        name = selected.name or ""
        if name not in known:
            found.append(f"there is no metric {name!r}")
            continue
        allowed = (*known[name], *EVERYWHERE)
        labels = [matcher.name for matcher in selected.matchers.matchers]
        found += [f"{name} has no label {label!r}" for label in labels if label not in allowed]
    return found


def _recorded(rules: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What recording rules make: each name with all labels that it is given anywhere."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        if "record" in rule:
            found.setdefault(rule["record"], set()).update(rule.get("labels", {}))
    return {name: tuple(sorted(labels)) for name, labels in found.items()}


def _named(rule: Mapping[str, Any]) -> str:
    return str(rule.get("record") or rule.get("alert"))


def _queries(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(title of the panel, expression)"""
    for panel in dashboard["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", ()))


def _selectors(node: Any) -> Iterator[Any]:
    """Every selection of series within an expression."""
    import promql_parser

    if isinstance(node, promql_parser.VectorSelector):
        yield node
        return
    for below in ("lhs", "rhs", "expr", "param", "vector_selector"):
        if (child := getattr(node, below, None)) is not None and not isinstance(child, str | float):
            yield from _selectors(child)
    for argument in getattr(node, "args", None) or ():
        yield from _selectors(argument)
