"""The rows of the table of faults: what each expects, and the release and the servers that it happens to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import Response

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from tests.runtime.sample import sample
from tests.runtime.stub import Reply, Stub

MODELS = ("primary", "alternate", "small")
RUNGS = ("L0", "L1", "L2")
TRIES = (2, 2, 1)
MODES = ("plain", "streaming", "tool", "durable")
LAST = {"preset": "L3", "saved": "L3", "nothing": "L4"}
"""What is prepared for the question, and who answers when every model is hit."""

ROOM = 3.0
"""Seconds a row may take beside the calls that its fault hits."""

FIND = ("find_order", {"order": "{marker}"})


@dataclass
class Fault:
    """An entry of faults.yaml."""

    name: str
    answers: str
    calls: str | int
    script: dict[str, Any] = field(default_factory=dict)
    then: dict[str, Any] | None = None
    retries: str = "none"
    rescued: bool = False
    seconds: float = 0.0
    timeout: float | None = None
    agent: str = "text"
    history: int = 0


@dataclass
class Row:
    """One fault that hits the first `hits` rungs, or that rung alone, in one mode, with something prepared or not."""

    number: int
    fault: Fault
    hits: int
    mode: str
    prepared: str

    @property
    def name(self) -> str:
        return f"{self.fault.name} | {self.where} | {self.mode} | {self.prepared}"

    @property
    def where(self) -> str:
        return RUNGS[self.hits - 1] if self.same else "+".join(RUNGS[: self.hits])

    @property
    def same(self) -> bool:
        return self.fault.answers == "same"

    @property
    def marker(self) -> str:
        return f"row-{self.number:03}."

    @property
    def agent(self) -> str:
        """The name of the agent that is asked."""
        return "-".join(
            [
                self.fault.agent,
                f"refused{self.hits}" if self.fault.calls == "unseen" else "reached",
                f"hasty{self.hits}" if self.fault.timeout else "patient",
                "kept" if self.mode == "durable" else "off",
            ]
        )

    @property
    def question(self) -> str:
        about = {"preset": "opening hours" if self.fault.agent == "text" else "opening state"}
        return f"{about.get(self.prepared, 'the order')}, {self.marker} please"

    # --- what is expected ---

    @property
    def answered(self) -> str:
        if self.same:
            return RUNGS[self.hits - 1]
        return RUNGS[self.hits] if self.hits < 3 else LAST[self.prepared]

    @property
    def calls(self) -> list[int] | None:
        """Calls that each model's endpoint gets, from the question on; None where nobody counts them."""
        if self.fault.calls == "unseen":
            return None
        counts = [0, 0, 0]
        for rung in range(self.hits):
            counts[rung] = 1 if self.same and rung < self.hits - 1 else self._each(rung)
        if self.answered in RUNGS and not self.same:
            counts[self.hits] = 1
        if self.mode == "tool":
            counts[0] += 1
        return counts

    @property
    def retries(self) -> int:
        hit = [self.hits - 1] if self.same else range(self.hits)
        tried = sum(self._each(rung) - 1 for rung in hit) if self.fault.retries == "all" else 0
        # An endpoint that is gone is gone for the request before the tool's as well.
        return tried * (2 if self.fault.calls == "unseen" and self.mode == "tool" and self.hits < 3 else 1)

    @property
    def rescued(self) -> int:
        return self.hits if self.fault.rescued else 0

    @property
    def tools(self) -> list[str]:
        """How the calls of tools ended."""
        nobody_asks = self.fault.calls == "unseen" and self.hits == 3
        return ["done"] if self.mode == "tool" and not nobody_asks else []

    @property
    def ticket(self) -> bool:
        return self.answered == "L4" and self.mode == "durable"

    @property
    def seconds(self) -> float:
        hit = [self.hits - 1] if self.same else range(self.hits)
        return round(ROOM + self.fault.seconds * sum(self._each(rung) for rung in hit), 1)

    def _each(self, rung: int) -> int:
        calls = self.fault.calls
        if self.same and calls == "all":
            return 2
        return calls if isinstance(calls, int) else TRIES[rung]


def rows() -> list[Row]:
    """All rows, in the order of the file."""
    return [Row(number, *values) for number, values in enumerate(_rows())]


def _rows() -> Iterator[tuple[Fault, int, str, str]]:
    written = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))
    for name, data in written.items():
        differs = {mode: data.pop(mode, {}) for mode in MODES}
        for hits in (1, 2, 3):
            for prepared in LAST if hits == 3 and data["answers"] == "next" else ("nothing",):
                for mode in MODES:
                    fault = Fault(str(name), **{**data, **differs[mode]})
                    if prepared == "saved" and (fault.calls == "unseen" or fault.history):
                        continue  # what never answered, or is part of a talk, has no last good answer
                    if (prepared, mode) in (("preset", "streaming"), ("saved", "tool")):
                        continue  # nothing about them is another way
                    if fault.retries == "all" and fault.answers == "same" and hits == 3:
                        continue  # the smallest model has one try
                    yield fault, hits, mode, prepared


class Rows(Stub):
    """A stub for each row, told apart by the row's marker in what is sent."""

    def __init__(self, all_rows: list[Row]) -> None:
        super().__init__()
        self.by_marker = {row.marker: Stub() for row in all_rows}

    async def _chat(self, request: Request) -> Response:
        return await self._of(json.dumps((await request.json())["messages"]))._chat(request)

    async def _service(self, request: Request) -> Response:
        return await self._of(request.path_params["path"])._service(request)

    def _of(self, text: str) -> Stub:
        start = text.index("row-")
        return self.by_marker[text[start : start + 8]]


def well(row: Row, stub: Stub) -> None:
    """Everybody answers, and the first one calls a tool before if the row is about that."""
    text = '{"ok": 1}' if row.fault.agent == "json" else "All is well."
    for model in MODELS:
        stub.script(f"{model}-1", *([_looks(row)] if row.mode == "tool" else []), Reply(text))
    stub.script("shop", Reply(body={"status": "shipped"}))


def ill(row: Row, stub: Stub) -> None:
    """The fault strikes; in a row with a tool, once it has been called."""
    well(row, stub)
    ok = stub.scripts["small-1"][-1]
    for rung, model in enumerate(MODELS):
        first = [_looks(row)] if row.mode == "tool" and (rung == 0 or row.fault.calls == "unseen") else []
        after = [ok]
        if rung < row.hits:
            after = [Reply(**row.fault.script), *([Reply(**row.fault.then)] if row.fault.then else [])]
            if row.same and rung < row.hits - 1:
                after = [Reply(status=401)]
        stub.script(f"{model}-1", *first, *after)


def _looks(row: Row) -> Reply:
    return Reply(tool=("find_order", {"order": row.marker}))


def release(all_rows: list[Row], url: str, nobody: str) -> Release:
    """Every agent that a row asks. `url` is the stub's, and at `nobody` nobody listens."""
    profile: dict[str, Any] = {
        "deadlineSeconds": 60,
        "breaker": {"consecutiveFailures": 10000, "minimumCalls": 10000},
        "ladder": {"presets": [_preset("hours", "Nine to five."), _preset("state", '{"ok": 3}')]},
    }
    content: dict[str, Any] = sample(**profile).content.model_dump(mode="json", by_alias=True)
    content["environment"] |= {"endpoints": "real", "services": {"shop": f"{url}/services/shop"}}
    for name in MODELS:
        model = content["models"][name] | {"secretRef": "env:KEY", "baseUrl": f"{url}/v1"}
        content["models"] |= {name: model, f"gone-{name}": model | {"name": f"gone-{name}", "baseUrl": nobody}}
    for row in all_rows:
        _hired(row, content)
    content["environment"]["agents"] = list(content["agents"])
    return Release.of(ReleaseContent.model_validate(content))


def _preset(intent: str, answer: str) -> dict[str, Any]:
    return {"intent": intent, "match": [f"opening {intent}"], "answer": {"en": answer}}


def _hired(row: Row, content: dict[str, Any]) -> None:
    """Adds the row's agent, and its profile."""
    profile = row.agent.split("-", 2)[2]
    agent = content["agents"]["json" if row.fault.agent == "json" else "support"]
    models = {
        rung: f"gone-{model}" if row.fault.calls == "unseen" and number < row.hits else model
        for number, (rung, model) in enumerate(zip(RUNGS, MODELS, strict=True))
    }
    more = {"name": row.agent, "tools": ["find-order"], "models": models, "resilience": profile}
    content["agents"][row.agent] = agent | more
    quick = content["resilience"]["quick"]
    seconds = [row.fault.timeout if row.fault.timeout and n < row.hits else 5 for n in range(3)]
    rungs = {
        rung: {"tries": tries, "timeoutSeconds": limit}
        for rung, tries, limit in zip(RUNGS, TRIES, seconds, strict=True)
    }
    content["resilience"][profile] = quick | {
        "name": profile,
        "checkpoint": {"mode": "durable" if row.mode == "durable" else "off"},
        "ladder": quick["ladder"] | {"rungs": rungs},
    }
