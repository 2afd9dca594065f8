"""Asks one model each way in which agents ask it, through the client and within the limits of the runtime."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx2
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from mooring import spec
from mooring.operate.models.found import WAYS, Answer
from mooring.operate.models.trouble import stops_all, trouble
from mooring.operate.models.usage import Usage
from mooring.runtime.agent.allowance import Allowance
from mooring.runtime.agent.ladder.fitting import misfit
from mooring.runtime.agent.models import build
from mooring.runtime.agent.retry import Retry
from mooring.runtime.core.record import CURRENT, Budget, Record
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.shape import checker
from mooring.runtime.watch.telemetry import Metrics

TOKENS = 512
"""An answer may have, where the model's document allows as many: one that thinks first needs some for that."""

SAY: Mapping[str, str] = MappingProxyType(
    {
        "text": "Reply with the one word: pong",
        "tools": 'Call the tool `echo` with the word "pong". Do not answer in words.',
        "stream": "Reply with the one word: pong",
        "json": 'Answer with this JSON and nothing else: {"word": "pong"}',
    }
)
_WORD = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
_ECHO = ToolDefinition(
    name="echo",
    description="Says a word back.",
    parameters_json_schema={**_WORD, "additionalProperties": False},
)
_FIELDS = {"L0": "primary", "L1": "alternate", "L2": "local"}


class NoEcho(Exception):
    """It answered, and not in the way that it was asked for. The message says what came instead."""


@dataclass
class Echo:
    """One question: what came of it so far, also when it fails."""

    way: str
    began: float
    first: float | None = None
    usage: RequestUsage = field(default_factory=RequestUsage)


def once(document: spec.Model, usage: Usage, settings: Settings, client: httpx2.AsyncClient) -> Model:
    """A model at its own endpoint, as the runtime builds it for a rung, which tries once."""
    model, profile = build(document, False, settings, client), tried_once(usage.profile, usage.rung)
    return Retry(model, document.name, profile, usage.rung, [], Metrics(), Allowance(None))


async def ask(model: Model, document: spec.Model, usage: Usage) -> list[Answer]:
    """Asks one way after the other, for a model of one's own may answer only one question at a time.

    What would keep every other way from working ends it, unless one worked: then that was of this way alone.
    """
    answers: list[Answer] = []
    for way in WAYS:
        answer, over = await _answer(model, document, usage, way)
        answers.append(answer)
        if over and not any(each.works for each in answers):
            break
    return answers


def tried_once(profile: spec.Resilience, rung: str) -> spec.Resilience:
    """The profile with one try on a rung: what a second one hides is what is asked for here."""
    rungs = profile.ladder.rungs
    one = rungs.of(rung).model_copy(update={"tries": 1})
    ladder = profile.ladder.model_copy(update={"rungs": rungs.model_copy(update={_FIELDS[rung]: one})})
    return profile.model_copy(update={"ladder": ladder})


async def _answer(model: Model, document: spec.Model, usage: Usage, way: str) -> tuple[Answer, bool]:
    """How a way went, and whether it is of no use to ask another one."""
    echo, why, over = Echo(way, time.perf_counter()), "", False
    record = Record("models-check", usage.whose, Budget(usage.profile.deadline_seconds))
    record.probe = True
    CURRENT.set(record)
    try:
        async with asyncio.timeout(usage.profile.deadline_seconds):
            await _ASK[way](model, document, echo)
    except NoEcho as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a library makes of an answer is told of this model alone
        why, over = trouble(error, document, way, usage.seconds), stops_all(error)
    seconds = time.perf_counter() - echo.began
    tokens = echo.usage.input_tokens, echo.usage.output_tokens
    return Answer(way, why, round(seconds, 4), echo.first and round(echo.first, 4), *tokens), over


async def _text(model: Model, document: spec.Model, echo: Echo) -> None:
    await _asked(model, document, echo, ModelRequestParameters())


async def _tools(model: Model, document: spec.Model, echo: Echo) -> None:
    said = await _asked(model, document, echo, ModelRequestParameters(function_tools=[_ECHO]))
    calls = [part for part in said.parts if isinstance(part, ToolCallPart)]
    if not calls:
        raise NoEcho("answers in words where it is to call a tool")
    if misfit(checker(_WORD), calls[0].args_as_json_str()):
        raise NoEcho("calls a tool with arguments that its schema does not allow")


async def _stream(model: Model, document: spec.Model, echo: Echo) -> None:
    async with model.request_stream(_sent(echo.way), _settings(document), ModelRequestParameters()) as stream:
        echo.first = time.perf_counter() - echo.began
        async for _ in stream:
            echo.usage = stream.usage


def _sent(way: str) -> list[ModelMessage]:
    return [ModelRequest.user_text_prompt(SAY[way])]


async def _json(model: Model, document: spec.Model, echo: Echo) -> None:
    said = await _asked(model, document, echo, ModelRequestParameters())
    if misfit(checker(_WORD), said.text or ""):
        raise NoEcho("answers with something else where it is to answer with JSON alone")


async def _asked(model: Model, document: spec.Model, echo: Echo, parameters: ModelRequestParameters) -> ModelResponse:
    said = await model.request(_sent(echo.way), _settings(document), parameters)
    echo.usage = said.usage
    return said


def _settings(document: spec.Model) -> ModelSettings:
    """The document's own options, which the client adds, and fewer tokens."""
    return ModelSettings(max_tokens=min(document.options.max_output_tokens, TOKENS))


_ASK: Mapping[str, Callable[[Model, spec.Model, Echo], Awaitable[None]]] = MappingProxyType(
    {"text": _text, "tools": _tools, "stream": _stream, "json": _json}
)
