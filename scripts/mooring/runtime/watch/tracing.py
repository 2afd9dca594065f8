"""Spans of runs, model calls and tool calls, sent by OTLP over HTTP when somebody wants them; nothing when off.

Names follow the semantic conventions for generative AI, "Spans": https://opentelemetry.io/docs/specs/semconv/gen-ai/
The framework's own instrumentation is not used: it makes one span of a whole ladder, and carries the conversation's
structure along even without its text. Spans hold names, numbers and digests; never text of a user or a provider.
"""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, detach
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINT, TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
"""Where spans go: a collector, to which `/v1/traces` is appended, or the exact URL.

Headers, time limit and compression are taken from OTEL_EXPORTER_OTLP_HEADERS and so on, by the exporter itself:
https://opentelemetry.io/docs/languages/sdk-configuration/otlp-exporter/
"""

Attribute = str | int | float | bool
_NONE: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)
_W3C = TraceContextTextMapPropagator()


class Tracing:
    """Makes spans, when there is a `provider`; without one, nothing at all."""

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("mooring") if provider else None

    @property
    def on(self) -> bool:
        """Whether spans go anywhere."""
        return self._tracer is not None

    def run(self, agent: str, attributes: Mapping[str, Attribute]) -> AbstractContextManager[Span]:
        """The span of a run, below the one its context is in."""
        known = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
        return self._span(f"invoke_agent {agent}", SpanKind.SERVER, {**known, **attributes}, current=True)

    def call(self, provider: str, model: str, rung: str) -> AbstractContextManager[Span]:
        """The span of one rung's call of a model, its tries included."""
        known = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": model}
        return self._span(f"chat {model}", SpanKind.CLIENT, {**known, "mooring.rung": rung})

    def tool(self, name: str, call: str) -> AbstractContextManager[Span]:
        """The span of one tool call."""
        known = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call}
        return self._span(f"execute_tool {name}", SpanKind.INTERNAL, {**known, "gen_ai.tool.type": "function"})

    def close(self) -> None:
        """Sends what is left and ends; may take as long as the exporter's time limit, so not on the event loop."""
        if self._provider is not None:
            self._provider.shutdown()

    def _span(
        self, name: str, kind: SpanKind, attributes: Mapping[str, Attribute], current: bool = False
    ) -> AbstractContextManager[Span]:
        return _NONE if self._tracer is None else self._started(self._tracer, name, kind, attributes, current)

    @contextmanager
    def _started(
        self, tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, Attribute], current: bool
    ) -> Generator[Span]:
        """An exception is known by its type alone: its message may quote the conversation.

        Only a span with others below it is made the current one: a stream may end in another task than it began in.
        """
        span = tracer.start_span(name, kind=kind, attributes=attributes)
        token = attach(set_span_in_context(span)) if current else None
        try:
            yield span
        except BaseException as error:
            failed(span, type(error).__name__)
            raise
        finally:
            if token is not None:
                detach(token)
            span.end()


OFF = Tracing()


def failed(span: Span, what: str) -> None:
    """Marks a span as failed."""
    span.set_attribute("error.type", what)
    span.set_status(Status(StatusCode.ERROR))


class Joined:
    """ASGI middleware: runs belong to the client's trace when it names one (https://www.w3.org/TR/trace-context/)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        token = attach(_W3C.extract(headers))
        try:
            await self.app(scope, receive, send)
        finally:
            detach(token)


def tracing(environ: Mapping[str, str], slot: str, release: str) -> Tracing:
    """Spans as the environment variables of OpenTelemetry ask for them. The SDK is loaded only then."""
    url = environ.get(TRACES_ENDPOINT) or _below(environ.get(ENDPOINT, ""))
    if not url or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return OFF
    from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    facts: dict[str, Any] = {"service.name": "mooring", "service.instance.id": slot, "service.version": release}
    provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return Tracing(provider)


def _below(endpoint: str) -> str:
    return f"{endpoint.rstrip('/')}/v1/traces" if endpoint else ""
