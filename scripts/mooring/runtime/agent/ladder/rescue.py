"""Makes one well-formed stream of several rungs: when one dies in the middle, the next continues."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.judge import with_own_ids
from mooring.runtime.agent.ladder.answers import LAST, PREPARED
from mooring.runtime.agent.ladder.seam import SEPARATOR, Seam, whole_words
from mooring.runtime.agent.ladder.sentences import split
from mooring.runtime.agent.model_errors import worth_a_rung
from mooring.runtime.core.clock import now
from mooring.runtime.core.record import CURRENT
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec.messages import GO_ON

PAUSE_SECONDS = 1.0
"""A silence within a stream after which its rung is in doubt."""

_TEXT = "text"


class Rescued(StreamedResponse):
    """The answer to one model request, streamed from rung to rung.

    The text that was shown stays. The next model is given it as its own and asked to go on, and what it repeats is
    left out. A model that died while it was calling tools is not continued: nothing of its calls was passed on, and
    the next answers afresh, as do the prepared rungs, after a blank line where text was shown. Text is passed on in
    whole words, and in whole sentences while its rung is in doubt: it failed lately, has fallen silent, or goes on for
    another. So a continuation mostly begins with a sentence. Tool calls are passed on once the stream that made them
    has ended well; none is made twice, since what follows a call is another request.
    """

    def __init__(
        self,
        calling: Sequence[Model],
        prepared: Sequence[Model],
        messages: list[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters,
        context: RunContext[Any] | None,
        metrics: Metrics,
    ) -> None:
        super().__init__(parameters)
        self._calling, self._prepared = calling, prepared
        self._messages, self._settings, self._context = messages, settings, context
        self._metrics = metrics
        self._source: AsyncGenerator[ModelResponseStreamEvent] | None = None
        self._inner: StreamedResponse | None = None
        self._begun = datetime.fromtimestamp(time.time(), UTC)
        self._shown = ""  # by this answer, so far as it may be continued
        self._separator = ""  # to be shown before the next text
        self._loose = ""  # came, but is not shown yet
        self._seam: Seam | None = None
        self._called = False  # the present rung has begun to call a tool
        self._died = False
        self._doubt = False
        self._rung = ""
        self._heard = now()

    async def aclose(self) -> None:
        """Closes the stream that is being read, if any."""
        if self._source is not None:
            await self._source.aclose()

    def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        self._source = self._climb()
        return self._source

    async def _climb(self) -> AsyncGenerator[ModelResponseStreamEvent]:
        rungs = [*self._calling, *self._prepared]
        for number, rung in enumerate(rungs):
            self._inner = None
            self._begins(rung)
            try:
                messages = self._asked(calling=number < len(self._calling))
                messages = rung.prepare_messages(messages, self.model_request_parameters)
                async with rung.request_stream(
                    messages, self._settings, self.model_request_parameters, self._context
                ) as inner:
                    self._inner = inner
                    async for event in inner:
                        self._hear()
                        for passed in self._passed(event):
                            yield passed
            except Exception as error:
                if rung is rungs[-1] or not worth_a_rung(error):
                    raise
                self._fell(rung, error)
                continue
            for passed in self._ended(inner):
                yield passed
            return

    def _begins(self, rung: Model) -> None:
        last = PREPARED if rung is self._prepared[0] else LAST
        self._rung = last if rung in self._prepared else str(getattr(rung, "rung", ""))
        circuit = getattr(rung, "circuit", None)  # of the breaker, wherever among the rung's wrappers it is
        self._doubt = self._died or (circuit is not None and circuit.in_doubt)
        self._heard = now()

    def _hear(self) -> None:
        heard = now()
        self._doubt = self._doubt or heard - self._heard > PAUSE_SECONDS
        self._heard = heard

    def _asked(self, calling: bool) -> list[ModelMessage]:
        """The messages for a rung: with what it is to go on from, if it calls a model that can."""
        if not calling:
            self._afresh()
        self._seam = Seam(self._shown) if self._shown else None
        if not self._shown:
            return self._messages
        go_on = ModelRequest(parts=[UserPromptPart(GO_ON)])
        return [*self._messages, ModelResponse(parts=[TextPart(self._shown.rstrip())]), go_on]

    def _fell(self, rung: Model, error: Exception) -> None:
        self._loose = ""
        if self._inner is not None:
            self._died = True
            self._usage = self._usage + self._inner.usage
            record = CURRENT.get()
            record.rescued += 1
            self._metrics.rescues.labels(record.agent, rung.model_name, type(error).__name__).inc()
        if self._called:
            self._afresh()
        self._called = False

    def _afresh(self) -> None:
        if self._shown:
            self._separator, self._shown = SEPARATOR, ""

    def _passed(self, event: ModelResponseStreamEvent) -> Iterator[ModelResponseStreamEvent]:
        match event:
            case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                came = self._seam.feed(text) if self._seam else text
                whole, self._loose = self._safe(self._loose + came)
                yield from self._show(whole)
            case PartStartEvent(part=ThinkingPart() as part) if not self._died:
                yield self._parts_manager.handle_part(vendor_part_id=event.index, part=part)
            case PartDeltaEvent(delta=ThinkingPartDelta() as delta) if not self._died:
                yield from self._parts_manager.handle_thinking_delta(
                    vendor_part_id=event.index,
                    content=delta.content_delta,
                    signature=delta.signature_delta,
                    provider_name=delta.provider_name,
                    provider_details=delta.provider_details,
                )
            case PartStartEvent(part=part) if not isinstance(part, ThinkingPart):
                self._called = True
            case PartEndEvent() | _:
                pass

    def _safe(self, text: str) -> tuple[str, str]:
        """What may be shown, and the rest, with which a reader should not be left if the rung dies now."""
        if not self._doubt:
            return whole_words(text)
        sentences, rest = split(text)
        return "".join(sentences), rest

    def _show(self, text: str) -> Iterator[ModelResponseStreamEvent]:
        if text:
            self._shown += text
            text, self._separator = self._separator + text, ""
            CURRENT.get().wrote(self._rung, len(text))
            yield from self._parts_manager.handle_text_delta(vendor_part_id=_TEXT, content=text)

    def _ended(self, inner: StreamedResponse) -> Iterator[ModelResponseStreamEvent]:
        rest, self._loose = self._loose + (self._seam.end() if self._seam else ""), ""
        yield from self._show(rest)
        response = inner.get()
        made = [part for part in response.parts if not isinstance(part, TextPart | ThinkingPart)]
        for part in with_own_ids(made, self._messages):
            yield self._parts_manager.handle_part(vendor_part_id=None, part=part)
        self._usage = self._usage + response.usage
        self.finish_reason = response.finish_reason
        self.provider_response_id, self.provider_details = response.provider_response_id, response.provider_details
        self.canonical_system = response.canonical_system

    async def close_stream(self) -> None:
        if self._inner is not None:
            await self._inner.close_stream()

    @property
    def model_name(self) -> str:
        return self._inner.model_name if self._inner else ""

    @property
    def provider_name(self) -> str | None:
        return self._inner.provider_name if self._inner else None

    @property
    def provider_url(self) -> str | None:
        return self._inner.provider_url if self._inner else None

    @property
    def timestamp(self) -> datetime:
        return self._begun
