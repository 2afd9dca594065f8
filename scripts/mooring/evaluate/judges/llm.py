"""A versioned Model document as the model that deepeval's metrics ask. Import after `quiet.import_deepeval`."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from deepeval.models import DeepEvalBaseLLM
from pydantic import BaseModel, ValidationError
from pydantic_ai.messages import ModelRequest, TextPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters

from mooring import spec
from mooring.evaluate.assertions.subject import Unjudged, excerpt


class JudgeLLM(DeepEvalBaseLLM):  # type: ignore[no-untyped-call]
    """Asks once, without retries, for at most `timeout` seconds. Raises Unjudged for no answer and for nonsense.

    `cost_usd` is that of all answers so far, nonsense too.
    """

    def __init__(self, document: spec.Model, model: Model, timeout: float) -> None:
        self._asked, self._prices, self._timeout = model, document.prices, timeout
        self.cost_usd = 0.0
        super().__init__(document.name)

    def load_model(self, *_: Any, **__: Any) -> "JudgeLLM":
        return self

    def get_model_name(self, *_: Any, **__: Any) -> str:
        return str(self.name)

    def generate(self, prompt: str, schema: type[BaseModel] | None = None) -> Any:
        raise Unjudged("this metric asks its judge in a way that would stop everything else")

    async def a_generate(self, prompt: str, schema: type[BaseModel] | None = None) -> Any:
        """Text, or a `schema` where the metric wants one."""
        text = await self._answer(prompt)
        return text if schema is None else _understood(str(self.name), text, schema)

    async def _answer(self, prompt: str) -> str:
        request = ModelRequest(parts=[UserPromptPart(content=prompt)])
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._asked.request([request], None, ModelRequestParameters())
        except TimeoutError:
            raise Unjudged(f"the judge {self.name} did not answer within {self._timeout:g} s") from None
        except Exception as error:  # whatever an SDK raises, there is no verdict
            told = f"{type(error).__name__}: {error}"
            raise Unjudged(f"the judge {self.name} cannot be asked: {excerpt(told, length=300)}") from error
        self.cost_usd += self._prices.cost(response.usage.input_tokens, response.usage.output_tokens)
        return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def _understood(name: str, text: str, schema: type[BaseModel]) -> BaseModel:
    """The object in a text that fits the schema: models like to put words and fences around it."""
    for value in _objects(text):
        try:
            return schema.model_validate(value)
        except ValidationError:
            continue
    raise Unjudged(f"the judge {name} talks nonsense: {excerpt(text)}")


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value
        at = text.find("{", at)
