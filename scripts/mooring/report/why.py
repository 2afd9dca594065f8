"""What served a request, for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.change.wording import clip, count, plain
from mooring.report.console import Console
from mooring.report.receipt import short
from mooring.timestamps import iso

UNKNOWN = "not known"
ANSWERED = "answered"

TRIES = ("RUNG", "MODEL", "OUTCOME", "SECONDS")
TOOLS = ("TOOL", "OUTCOME", "SECONDS", "NOTE")

RUNGS = {"L3": "a saved or prepared answer", "L4": "an apology and a ticket"}

Data = Mapping[str, Any]


def show(data: Data, console: Console) -> None:
    """Prints it: what was asked, what answered, and why it was that."""
    console.line(plain(headline(data)), "bold" if not data["run"]["error"] else "red")
    for name, text in facts(data):
        console.line(f"{name:<13} {plain(text)}")
    if tries := rows(data["answered"]):
        console.line()
        console.table(TRIES, [[*map(plain, row)] for row in tries])
        if more := data["answered"].get("more_tries"):
            console.line(f"and {count(more, 'more call')}", "dim")
    if data["tools"]:
        console.line()
        console.table(TOOLS, [[*map(plain, _tool(call))] for call in data["tools"]])


def headline(data: Data) -> str:
    """`run_3b68… of agent support in local: done after 1.84 s, answered by L1`"""
    run, rung = data["run"], data["answered"]["rung"]
    took = f"{max(0.0, run['updated'] - run['created']):.2f} s"
    ended = run["status"] in ("done", "failed")
    by = f", answered by {rung}{f' ({RUNGS[rung]})' if rung in RUNGS else ''}" if rung else ""
    state = f"{run['status']} after {took}" if ended else f"{run['status']} for {took}"
    return f"{run['id']} of agent {run['agent']} in {data['environment']}: {state}{by}"


def facts(data: Data) -> Iterator[tuple[str, str]]:
    """Names and texts, one line each; what is not known is said to be so."""
    run, release = data["run"], data["release"]
    if error := run["error"]:
        code, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else ("", error)
        yield "error", clip(": ".join(filter(None, [code, str(message)])), 300)
    yield "asked", _asked(run)
    yield "release", _release(data)
    if release["prompt"]:
        yield "prompt", f"{release['prompt']}, profile {release['resilience']}"
    yield "deployed", _deployed(release["deployed"])
    for patch in (release["deployed"] or {}).get("hotfixes", ()):
        values = ", ".join(patch["values"])
        yield "hotfix", clip(f"{patch['kind']}/{patch['name']} {values} by {patch['owner']}: {patch['reason']}", 300)
    yield "commit", _commit(data["commit"])
    yield "pull request", _pull((data["commit"] or {}).get("pull_request"))
    yield from _evidence(data["evidence"])
    yield "live then", _live(data["live"], release["digest"])
    yield "cost", _cost(data)
    yield from _course(data)


def _asked(run: Data) -> str:
    who = [f"{name} {run[name]}" for name in ("tenant", "key", "user", "conversation") if run.get(name)]
    languages = f"languages {', '.join(run['languages'])}" if run.get("languages") else ""
    return ", ".join(filter(None, [iso(run["created"]), *who, languages]))


def _release(data: Data) -> str:
    simulated = data["release"]["simulated"]
    how = {True: ", its models are simulated", False: "", None: ""}[simulated]
    return f"{short(data['release']['digest'])} in {data['run']['slot']}{how}"


def _deployed(told: Data | None) -> str:
    if told is None:
        return f"{UNKNOWN}: the ledger has no request for this release"
    return f"{iso(told['at'])} by {told['actor']} ({told['kind']}, entry {told['seq']})"


def _commit(told: Data | None) -> str:
    if told is None:
        return f"{UNKNOWN}: it was deployed from a work tree with changes, or not by this ledger"
    subject = clip(told["subject"], 120) if told["subject"] else "not in this clone"
    author = f", {told['author']}" if told["author"] else ""
    url = f"  {told['url']}" if told["url"] else ""
    return f"{told['id'][:12]} {subject}{author}{url}"


def _pull(told: Data | None) -> str:
    if told is None:
        return UNKNOWN
    number = f"#{told['number']}" if told["number"] else ""
    return " ".join(filter(None, [number, told["url"]]))


def _evidence(found: list[Data]) -> Iterator[tuple[str, str]]:
    if not found:
        yield "evidence", "none is kept about this release"
    for one in found:
        suites = ", ".join(f"{name} {asked['passed']} of {asked['cases']}" for name, asked in one["suites"].items())
        basis = ", which it went out on" if one["deployed"] else ""
        yield "evidence", clip(f"{one['evidence']}: {one['outcome']}{basis}; {one['verdict']} ({suites})", 400)


def _live(told: Data | None, digest: str) -> str:
    if told is None:
        return UNKNOWN
    under_way = f", while a rollout was {told['phase']}" if told["phase"] != "idle" else ""
    other = "" if told["digest"] == digest else ": another release than this run's, which had begun before or went on"
    return f"{short(told['digest'])} in {told['slot']}, since {iso(told['since'])}{under_way}{other}"


def _cost(data: Data) -> str:
    usage, cost = data["usage"], data["cost_usd"]
    if usage is None or cost is None:
        return UNKNOWN
    return f"${cost:.6f}, {usage['input_tokens']:,} tokens in and {usage['output_tokens']:,} out"


def _course(data: Data) -> Iterator[tuple[str, str]]:
    """What was out of the ordinary."""
    run, answered = data["run"], data["answered"]
    if run["resumed"]:
        yield "resumed", f"{count(run['resumed'], 'time')} by another process"
    if died := sum(part["deaths"] for part in run["parts"]):
        yield "deaths", f"its process died {count(died, 'time')} before it had ended"
    if len(run["parts"]) > 1:
        yield "parts", "; ".join(f"{part['part']} in {part['slot']}: {part['status']}" for part in run["parts"])
    if run["hedges"]:
        yield "hedges", f"{count(run['hedges'], 'rung')} asked beside a slow one"
    if answered["rescued"]:
        written = ", ".join(f"{one['rung']} {one['characters']}" for one in answered["written"] or ())
        times = count(answered["rescued"], "time")
        yield "rescued", f"{times} another rung went on with the stream (characters: {written})"
    if run["cached"]:
        yield "saved answer", ", ".join(f"{name} {value}" for name, value in run["cached"].items())
    if run["ticket"]:
        yield "ticket", str(run["ticket"])


def rows(answered: Data) -> list[tuple[str, ...]]:
    """One row per try of a model."""
    return [(one["rung"], one["model"], one["outcome"], f"{one['seconds']:.3f}") for one in answered.get("tries") or ()]


def _tool(call: Data) -> tuple[str, ...]:
    note = "made before the interruption" if call.get("replayed") else ""
    return call["name"], call["outcome"], f"{call['seconds']:.3f}", note
