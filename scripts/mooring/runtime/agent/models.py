"""Model documents as clients: one SDK client per model, without retries of its own."""

from collections.abc import Mapping

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from mooring import spec
from mooring.runtime.agent.judge import Judged
from mooring.runtime.agent.retry import SDK_SECONDS
from mooring.runtime.agent.scripted import Scripted
from mooring.runtime.agent.wire import ChatModel, as_written
from mooring.runtime.core.settings import Settings
from mooring.simulated import PROVIDER

SIMULATED_KEY = "simulated"
_NO_KEY = "none"


def build(model: spec.Model, simulated: bool, settings: Settings, client: httpx2.AsyncClient) -> Model:
    """A model ready to be called at its own endpoint, or at the simulator under its own id, its answers judged.

    It has no retries and, but for `SDK_SECONDS`, no timeout. Raises ValueError when there is no simulator to call.
    """
    if not simulated:
        key = settings.key_of(model) or _NO_KEY
        return Judged(_client(model, model.base_url, key, client))
    if settings.simulator_url is None:
        raise ValueError(f"the endpoint of {model.provider} is simulated, but no simulator was named")
    whose = {PROVIDER: model.provider}
    return Judged(Scripted(_openai(model, f"{settings.simulator_url}/v1", SIMULATED_KEY, client, whose)))


def _client(model: spec.Model, url: str, key: str, client: httpx2.AsyncClient) -> Model:
    build_one = _openai if model.api_type == "openai-chat" else _anthropic
    return build_one(model, url, key, client)


def _openai(
    model: spec.Model, url: str, key: str, client: httpx2.AsyncClient, headers: Mapping[str, str] | None = None
) -> Model:
    sdk = AsyncOpenAI(
        base_url=url, api_key=key, http_client=client, max_retries=0, timeout=SDK_SECONDS, default_headers=headers
    )
    # A stream that was cut by a polite proxy ends without an error, and without a reason.
    strict = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    provider = OpenAIProvider(openai_client=as_written(sdk))
    return ChatModel(model.id, provider=provider, settings=_options(model), profile=strict)


def _anthropic(model: spec.Model, url: str, key: str, client: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    sdk = AsyncAnthropic(base_url=url, api_key=key, http_client=client, max_retries=0, timeout=SDK_SECONDS)
    return AnthropicModel(model.id, provider=AnthropicProvider(anthropic_client=sdk), settings=_options(model))


def _options(model: spec.Model) -> ModelSettings:
    options = model.options
    settings = ModelSettings(max_tokens=options.max_output_tokens)
    if options.temperature is not None:
        settings["temperature"] = options.temperature
    if options.top_p is not None:
        settings["top_p"] = options.top_p
    if options.seed is not None:
        settings["seed"] = options.seed
    return settings
