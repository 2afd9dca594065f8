"""Rungs of an agent: which model stands there, and what it is told, may call and may take."""

from collections.abc import Iterator, Mapping
from typing import Any

from mooring.change.kinds.prompt import SAFETY_PART
from mooring.change.rules import Sides
from mooring.change.walk import Note, same
from mooring.change.wording import show
from mooring.release.content import ReleaseContent

LIMITS = {
    "maxInputTokens": ("reads at most", " tokens", "its window"),
    "maxOutputTokens": ("says at most", " tokens", "the model's own limit"),
    "timeoutSeconds": ("a try takes at most", " s", "the profile's limit"),
}


def changed(sides: Sides, rung: str, before: Any, after: Any) -> Iterator[Note]:
    """What a rung's being there, going or changing means; `before` and `after` are its two forms or None."""
    old, new = _whole(before), _whole(after)
    if new is None:
        gone = (old or {}).get("model")
        yield Note("agent.rung-removed", f"{rung} model {show(gone)} removed; nothing stands in its place")
        return
    if old is None:
        yield Note("agent.rung-added", f"{rung} model {show(new['model'])} added")
        old = {"model": new["model"]}
    elif old["model"] != new["model"]:
        yield _swapped(sides, rung, old["model"], new["model"])
    yield from _told(sides, rung, old, new)
    yield from _tools(sides, rung, old, new)
    for key, (words, unit, otherwise) in LIMITS.items():
        if not same(old.get(key), new.get(key)):
            was, will = (otherwise if each is None else f"{show(each)}{unit}" for each in (old.get(key), new.get(key)))
            yield Note("agent.rung-limits-changed", f"at {rung}: {words} {was} → {will}", key)


def _whole(standing: Any) -> Mapping[str, Any] | None:
    return {"model": standing} if isinstance(standing, str) else standing


def _swapped(sides: Sides, rung: str, before: str, after: str) -> Note:
    was, will = _provider(sides.live, before), _provider(sides.desired, after)
    text = f"{rung} model {show(before)} → {show(after)}"
    if was == will:
        return Note("model.swapped", text)
    return Note("model.provider-swapped", f"{text}, provider {show(was)} → {show(will)}")


def _provider(content: ReleaseContent, model: str) -> str | None:
    found = content.models.get(model)
    return found.provider if found else None


def _told(sides: Sides, rung: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Note]:
    if old.get("prompt") == new.get("prompt"):
        return
    was, will = old.get("prompt") or sides.before["prompt"], new.get("prompt") or sides.after["prompt"]
    values = (old.get("prompt"), new.get("prompt"))
    text = f"at {rung}: prompt {show(will)} instead of {show(was)}"
    yield Note("agent.rung-prompt-swapped", text, "prompt", values)
    known, told = sides.live.prompts.get(was), sides.desired.prompts.get(will)
    if known is not None and told is not None:
        for part in sorted(known.parts.keys() - told.parts.keys()):
            if SAFETY_PART.search(part):
                words = f"at {rung}: {show(will)} does not include {show(part)}, as {show(was)} does"
                yield Note("agent.rung-safety-removed", words, "prompt", values)


def _tools(sides: Sides, rung: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Note]:
    if same(old.get("tools"), new.get("tools")):
        return
    lists = [
        side["tools"] if each.get("tools") is None else each["tools"]
        for side, each in ((sides.before, old), (sides.after, new))
    ]
    was, will = map(set, lists)
    values = (old.get("tools"), new.get("tools"))
    lost, gained = sorted(was - will), sorted(will - was)
    if lost:
        yield Note("agent.tools-removed", f"at {rung}: can no longer call {_named(lost)}", "tools", values)
    for name in gained:
        tool = sides.desired.tools.get(name)
        code = "agent.tools-added" if tool and tool.annotations.read_only_hint else "agent.write-tool-added"
        yield Note(code, f"at {rung}: can now call tool {show(name)}", "tools", values)
    if not lost and not gained:
        yield Note("document.metadata", f"at {rung}: the same tools, listed differently", "tools", values)


def _named(names: list[str]) -> str:
    return f"tool{'s' * (len(names) > 1)} {', '.join(map(show, names))}"
