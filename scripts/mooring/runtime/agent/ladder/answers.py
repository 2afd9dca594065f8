"""The last two rungs, which call nobody: prepared answers (L3) and the friendly error (L4)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from mooring import spec
from mooring.runtime.agent.ladder.language import apology, in_one_language, saved_note
from mooring.runtime.agent.ladder.presets import Presets
from mooring.runtime.agent.model_errors import NothingPrepared
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import CURRENT, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory.last_good import LastGoodStore, key

PREPARED, LAST = "L3", "L4"


@dataclass(frozen=True)
class Contract:
    """What the prepared rungs must know of an agent.

    `about` tells apart agents, and versions of their prompts: their answers are not each other's. `effects` are the
    names of tools that change something, `personal` of those that answer with what is known of one user. `fits` says
    whether a text is what the agent's output must be; `plain` that any text is, so that notes can be added.
    """

    about: str
    effects: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    fits: Callable[[str], bool] = field(default=lambda text: True)
    plain: bool = True


class Prepared:
    """L3 of an agent: a preset for the question's intent, or the last good answer to it.

    Silent in a run that has changed something by a tool: neither would say what was done.
    """

    def __init__(self, profile: spec.Resilience, contract: Contract, store: LastGoodStore) -> None:
        self._profile = profile
        self._policy, self._contract, self._store = profile.ladder.last_good, contract, store
        self._presets = Presets(profile.ladder.presets)

    def asked(self, record: Record, turn: Turn) -> None:
        """Notes the question on the record; only one that stands alone has a last good answer."""
        record.question = turn.message
        if self._policy.enabled and not (turn.history or turn.past or turn.conversation):
            record.question_key = key(self._contract.about, turn, record.tenant)

    def keep(self, record: Record, answer: Answer) -> None:
        """Saves an answer when it is good: whole, from L0 to L2, each tool call done, without effect, of no user."""
        whole = answer.finish == "stop" and not answer.approvals and not record.rescued
        well = all(call.outcome == "done" for call in record.tool_calls)
        well &= not any(call.name in self._contract.personal for call in record.tool_calls)
        if record.question_key and whole and well and "" < record.rung < PREPARED and not self._changed(record):
            self._store.put(record.question_key, answer.text, record.tenant)

    async def answer(self) -> str:
        """The answer to the run's question. Raises NothingPrepared."""
        record = CURRENT.get()
        text = None if self._changed(record) else self._preset(record) or await self._last_good(record)
        if text is None:
            raise NothingPrepared
        record.reached(PREPARED)
        return text

    def _changed(self, record: Record) -> bool:
        return any(call.name in self._contract.effects for call in record.tool_calls)

    def _preset(self, record: Record) -> str | None:
        texts = self._presets.answer(record.question)
        text = in_one_language(record, self._profile, texts)[0] if texts else None
        return text if text and self._contract.fits(text) else None

    async def _last_good(self, record: Record) -> str | None:
        if not record.question_key:
            return None
        saved = await self._store.get(record.question_key, self._policy.max_age_hours * 3600)
        if saved is None or not self._contract.fits(saved.text):
            return None
        age = max(0.0, self._store.now() - saved.saved)
        record.cached = {"age_seconds": round(age)}
        if not self._contract.plain:
            return saved.text
        return f"{saved.text.rstrip()}\n\n{saved_note(saved.text, age, record, self._profile)}"


def apologise(profile: spec.Resilience, record: Record) -> str:
    """L4: a friendly error in the user's language, with the ticket when the question is kept."""
    record.reached(LAST)
    if record.ticket is None and record.on_apology is not None:
        try:
            record.ticket = record.on_apology()
        except Problem:
            # The apology must not fail because the question cannot be kept.
            record.ticket = None
    return apology(record, profile, record.ticket)


def spoken(name: str, say: Callable[[], Awaitable[str]]) -> FunctionModel:
    """A model that answers with the result of awaiting `say`."""

    async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[TextPart(await say())], finish_reason="stop")

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        yield await say()

    return FunctionModel(answer, stream_function=stream, model_name=name)


def last_rungs(profile: spec.Resilience, prepared: Prepared) -> tuple[FunctionModel, FunctionModel]:
    """L3 and L4."""

    async def sorry() -> str:
        return apologise(profile, CURRENT.get())

    return spoken("prepared", prepared.answer), spoken("apology", sorry)
