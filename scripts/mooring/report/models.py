"""How the real models of an environment answered, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.change.wording import count, plain
from mooring.report.console import Console

COLUMNS = ("MODEL", "PROVIDER", "FIRST", "WHOLE", "TEXT", "TOOLS", "STREAM", "JSON", "TOKENS")
WAYS = ("text", "tools", "stream", "json")


def show(models: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A row for each model, and a line for each thing that does not work."""
    console.table(COLUMNS, [_row(one) for one in models])
    for line, style in _troubles(models):
        console.line(plain(line), style)


def summary(models: Sequence[Mapping[str, Any]]) -> str:
    """`2 of 3 real models answer in every way that their agents need; it cost about $0.000132`."""
    real = [one for one in models if one["endpoint"] == "real"]
    well = sum(bool(one["well"]) for one in real)
    cost = sum(one["cost_usd"] for one in real)
    told = f"; it cost about ${cost:.6f}" if cost else ""
    says = "answers in every way that its" if len(real) == 1 else "answer in every way that their"
    return f"{well} of {count(len(real), 'real model')} {says} agents need{told}"


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    if one["endpoint"] != "real":
        return (one["model"], one["provider"], "simulated", *[""] * 6)
    answers = one["answers"]
    stream, text = answers.get("stream", {}), answers.get("text", {})
    sent, said = (sum(answer[name] for answer in answers.values()) for name in ("input_tokens", "output_tokens"))
    return (
        one["model"],
        one["provider"],
        _seconds(stream.get("first")),
        _seconds(next((answer["seconds"] for answer in (stream, text) if answer.get("works")), None)),
        *(_cell(answers.get(way)) for way in WAYS),
        f"{sent} in, {said} out" if sent or said else "",
    )


def _cell(answer: Mapping[str, Any] | None) -> str:
    return "" if answer is None else "yes" if answer["works"] else "no"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _troubles(models: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What does not work; what no agent needs is told and troubles nobody."""
    for one in models:
        if one["trouble"]:
            yield f"{one['model']}: {one['trouble']}", "red"
            continue
        troubles: dict[str, list[str]] = {}
        for way, answer in one["answers"].items():
            if not answer["works"]:
                troubles.setdefault(answer["trouble"], []).append(way)
        for trouble, ways in troubles.items():
            needed = any(way in one["needs"] for way in ways)
            told = "" if needed else " (no agent of the environment needs it)"
            yield f"{one['model']}: {', '.join(ways)}: {trouble}{told}", "red" if needed else "dim"
