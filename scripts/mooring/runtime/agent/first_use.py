"""What libraries put off until they are first used, done at the start: the first request is no slower than others.

The SDKs build the pydantic models of answers when the first answer is read, which took 30 to 100 ms; anyio imports the
half of it that belongs to the event loop with its first lock, httpx2 a codec with its first host name.
"""

import sys
from collections.abc import Iterator
from importlib import import_module

from pydantic import BaseModel

LATE = ("anyio._backends._asyncio", "encodings.idna")


def prepare() -> None:
    """Once a vendor's SDK is imported; what was done before is not done again."""
    for module in LATE:
        import_module(module)
    for answer in _answers():
        for model in (answer, *answer.__subclasses__()):  # those of pydantic-ai are more lenient
            model.model_rebuild()


def _answers() -> Iterator[type[BaseModel]]:
    """Whole answers and the pieces of streamed ones, of each SDK that is in use."""
    if "openai" in sys.modules:
        from openai.types import CompletionUsage, chat
        from openai.types.chat import chat_completion, chat_completion_chunk

        yield from (chat.ChatCompletion, chat_completion.Choice, chat.ChatCompletionMessage, CompletionUsage)
        yield from (chat.ChatCompletionMessageFunctionToolCall, chat_completion_chunk.ChoiceDeltaToolCall)
        yield from (chat.ChatCompletionChunk, chat_completion_chunk.Choice, chat_completion_chunk.ChoiceDelta)
    if "anthropic" in sys.modules:
        from anthropic.types import beta

        yield beta.BetaMessage
        yield from (beta.BetaRawMessageStartEvent, beta.BetaRawMessageDeltaEvent, beta.BetaRawMessageStopEvent)
        yield from (beta.BetaRawContentBlockStartEvent, beta.BetaRawContentBlockDeltaEvent)
        yield beta.BetaRawContentBlockStopEvent
