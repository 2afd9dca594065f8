"""Runs as somebody outside sees them: each one counted, traced and logged, however it ends."""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import Span

from mooring.release.release import Release
from mooring.runtime.core.clock import now
from mooring.runtime.core.logs import LOGGER, allowed
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import Record
from mooring.runtime.core.settings import Settings
from mooring.runtime.watch import tracing
from mooring.runtime.watch.lately import Lately
from mooring.runtime.watch.telemetry import INVOKE_AGENT, Metrics

RECENT = 100
"""Runs whose context ratios are remembered."""


class Observer:
    """Of the runs of one slot."""

    def __init__(self, release: Release, settings: Settings, metrics: Metrics) -> None:
        self._release, self._slot, self._metrics = release, settings.slot, metrics
        self._content = allowed(settings.environ)
        self.context_ratios: deque[float] = deque(maxlen=RECENT)
        """Of the last runs: how full a model's window would have been."""
        self.lately = Lately()

    @contextmanager
    def run(self, record: Record) -> Generator[None]:
        """Observes what happens within."""
        started, error = now(), ""
        if not record.probe:
            self.lately.began(record.agent)
        with self._metrics.tracing.run(record.agent, self._about(record)) as span:
            try:
                yield
            except Problem as problem:
                error = problem.code
                raise
            except asyncio.CancelledError:
                error = "cancelled"
                raise
            except Exception as other:
                error = type(other).__name__
                raise
            finally:
                _ended(span, record, error)
                self._counted(record, error, now() - started)

    def _counted(self, record: Record, error: str, seconds: float) -> None:
        metrics, agent = self._metrics, record.agent
        if record.probe:
            metrics.probed.labels(agent, record.rung or "none").inc()
        else:
            metrics.runs.labels(INVOKE_AGENT, agent, error).observe(seconds)
            metrics.rungs.labels(agent, record.rung or "none").inc()
            self.lately.ended(agent, record.run, record.rung, error)
        if record.cached:
            metrics.cached.labels(agent).inc()
        self.context_ratios.append(record.context_ratio)
        facts: dict[str, Any] = {"run": record.run, "agent": agent, "slot": self._slot}
        facts |= {"release": self._release.digest, "seconds": round(seconds, 4), "problem": error}
        facts |= {"probe": True} if record.probe else {}
        if self._content:
            facts["question"] = record.question
        LOGGER.info("run ended", extra=facts | _done(record))

    def _about(self, record: Record) -> dict[str, tracing.Attribute]:
        """What a trace says of a run besides its agent: which documents it went by."""
        if not self._metrics.tracing.on:
            return {}
        content = self._release.content
        facts: dict[str, tracing.Attribute] = {
            "mooring.run": record.run,
            "mooring.release": self._release.digest,
            "mooring.slot": self._slot,
        }
        if record.conversation:
            facts["gen_ai.conversation.id"] = record.conversation
        if agent := content.agents.get(record.agent):
            prompt = content.prompts[agent.prompt]
            facts |= {"gen_ai.prompt.name": prompt.name, "mooring.prompt.version": prompt.version}
            facts["gen_ai.agent.version"] = agent.version
        return facts


def _done(record: Record) -> dict[str, Any]:
    """What a log says of a run: arguments and keys of tools are the user's words, and stay out."""
    data = record.data()
    data["tool_calls"] = [f"{call.name}: {call.outcome} in {call.seconds:.3f} s" for call in record.tool_calls]
    return data


def _ended(span: Span, record: Record, error: str) -> None:
    if not span.is_recording():
        return
    span.set_attribute("mooring.rung", record.rung or "none")
    span.set_attribute("mooring.retries", record.retries)
    span.set_attribute("mooring.cost_usd", record.usage.cost_usd)
    span.set_attribute("gen_ai.usage.input_tokens", record.usage.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", record.usage.output_tokens)
    if error:
        tracing.failed(span, error)
