"""A response as a stream of numbered events.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.events import data
from mooring.runtime.door.responses.view import as_response, message, message_id, part, status_of
from mooring.runtime.memory.run import FAILED
from mooring.runtime.memory.store import StoredRun


class Frames:
    """The events of one response: its one message has one part, which is all the text that comes."""

    def __init__(self) -> None:
        self._number = -1
        self._said: list[str] = []
        self._item: dict[str, Any] = {}

    def begin(self, run: StoredRun) -> Iterable[str]:
        standing = as_response(run)
        self._item = {"item_id": message_id(run), "output_index": 0}
        yield self._event("response.created", response=standing)
        yield self._event("response.in_progress", response=standing)
        added = message(run, "", "in_progress")
        yield self._event("response.output_item.added", output_index=0, item=added)
        yield self._event("response.content_part.added", **self._item, content_index=0, part=part(""))

    def piece(self, text: str) -> Iterable[str]:
        self._said.append(text)
        yield self._event("response.output_text.delta", **self._item, content_index=0, delta=text, logprobs=[])

    def end(self, run: StoredRun) -> Iterable[str]:
        text = "".join(self._said)
        yield self._event("response.output_text.done", **self._item, content_index=0, text=text, logprobs=[])
        yield self._event("response.content_part.done", **self._item, content_index=0, part=part(text))
        yield self._event("response.output_item.done", output_index=0, item=message(run, text))
        yield self._event(f"response.{status_of(run)}", response=as_response(run, text))

    def fail(self, run: StoredRun, problem: Problem) -> Iterable[str]:
        failed = replace(run, status=FAILED, data=run.data | {"error": problem.body()["error"]})
        yield self._event("response.failed", response=as_response(failed))

    def _event(self, kind: str, **more: Any) -> str:
        self._number += 1
        return data({"type": kind, "sequence_number": self._number} | more, kind)
