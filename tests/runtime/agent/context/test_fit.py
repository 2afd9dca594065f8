"""What is kept and what is left out, over conversations made at random."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    RetryFeedbackPart,
    RetryInfo,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from mooring.runtime.agent.context.fit import NOTE, Fitted, fit
from mooring.runtime.agent.context.tokens import texts
from mooring.spec.resilience import Context

STRATEGIES = ("sliding-window", "trim-middle", "summarise-middle")


def count(message: ModelMessage) -> int:
    return 4 + sum(map(len, texts(message)))


def total(messages: list[ModelMessage]) -> int:
    return sum(map(count, messages))


def says(text: str) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(text)])


def answers(text: str) -> ModelResponse:
    return ModelResponse(parts=[TextPart(text)])


def called(calls: dict[str, int], split: bool = False) -> list[ModelMessage]:
    """A response with parallel calls, and their returns in one request or in one each."""
    parts: list[ModelResponsePart] = [ToolCallPart("look", {"at": id_}, tool_call_id=id_) for id_ in calls]
    returns: list[ModelRequestPart] = [ToolReturnPart("look", "r" * n, id_) for id_, n in calls.items()]
    requests = [ModelRequest(parts=[part]) for part in returns] if split else [ModelRequest(parts=returns)]
    return [ModelResponse(parts=parts), *requests]


@st.composite
def conversations(draw: st.DrawFn) -> list[ModelMessage]:
    messages: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart("You serve."), UserPromptPart("goal")])]
    ids = iter(range(10_000))
    reused = draw(st.booleans())
    for turn in range(draw(st.integers(0, 12))):
        for _ in range(draw(st.integers(0, 3))):
            size_ = st.integers(0, 3000)
            names = [f"c{i if reused else next(ids)}" for i in range(draw(st.integers(1, 3)))]
            messages += called({name: draw(size_) for name in names}, draw(st.booleans()))
        if draw(st.booleans()):
            feedback = RetryFeedbackPart("no JSON", retry=RetryInfo(cause="model_retry"))
            messages += [answers("bad"), ModelRequest(parts=[feedback])]
        messages.append(answers("a" * draw(st.integers(0, 800))))
        messages.append(says(f"turn {turn} " + "u" * draw(st.integers(0, 500))))
    for _ in range(draw(st.integers(0, 2))):
        names = [f"c{next(ids)}" for _ in range(draw(st.integers(1, 3)))]
        messages += called({name: draw(st.integers(0, 3000)) for name in names})
    return messages


def calls_and_returns(messages: list[ModelMessage]) -> tuple[list[str], list[str]]:
    parts = [part for message in messages for part in message.parts]
    return (
        [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)],
        [part.tool_call_id for part in parts if isinstance(part, ToolReturnPart)],
    )


def in_order(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(any(text == other for other in rest) for text in part)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(conversations(), st.integers(0, 6000), st.sampled_from(STRATEGIES), st.integers(1, 8))
def test_whatever_is_left_out_no_call_loses_its_return(
    messages: list[ModelMessage], budget: int, strategy: Any, recent: int
) -> None:
    fitted = fit(messages, budget, Context(strategy=strategy, keep_recent_turns=recent), count)

    for half in (fitted.messages, fitted.dropped):
        made, returned = calls_and_returns(half)
        assert sorted(made) == sorted(returned)
    first, last = texts(fitted.messages[0]), texts(fitted.messages[-1])
    assert first == ["You serve.", "goal"] or len(messages) == 1
    assert calls_and_returns(fitted.messages[-1:]) == calls_and_returns(messages[-1:])
    assert last or not texts(messages[-1])
    users = [part for message in messages for part in message.parts if isinstance(part, UserPromptPart)]
    assert users[-1] in [part for message in fitted.messages for part in message.parts]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(conversations(), st.integers(0, 20_000), st.sampled_from(STRATEGIES))
def test_what_is_kept_and_what_is_not_make_the_whole_in_order(
    messages: list[ModelMessage], budget: int, strategy: Any
) -> None:
    fitted = fit(messages, budget, Context(strategy=strategy), count)
    whole = [text for message in messages for text in texts(message)]
    kept = [text for message in fitted.messages for text in texts(message) if "left out" not in text]
    gone = [text for message in fitted.dropped for text in texts(message)]

    assert in_order(kept, whole)
    assert in_order(gone, whole)
    if total(messages) <= budget:
        assert fitted == Fitted(messages, [])
    assert total(fitted.messages) <= max(total(messages), budget)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(conversations(), st.integers(4500, 20_000), st.sampled_from(STRATEGIES))
def test_it_fits_whenever_what_is_pinned_does_with_its_results_cut(
    messages: list[ModelMessage], budget: int, strategy: Any
) -> None:
    assert (
        total(fit(messages, budget, Context(strategy=strategy), count).messages) <= budget - NOTE
        or total(messages) <= budget
    )


def long_talk(turns: int) -> list[ModelMessage]:
    messages: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart("You serve.")]), says("goal")]
    for turn in range(turns):
        messages += [answers(f"answer {turn} {'a' * 100}"), says(f"question {turn} {'q' * 100}")]
    return messages


def spoken(messages: list[ModelMessage]) -> list[str]:
    return [" ".join(text.split()[:2]) for message in messages for text in texts(message)]


def test_a_sliding_window_keeps_the_last_turns_and_the_goal() -> None:
    fitted = fit(long_talk(20), 3000, Context(strategy="sliding-window", keep_recent_turns=2), count)

    assert spoken(fitted.messages) == ["You serve.", "goal", "question 18", "answer 19", "question 19"]
    assert fitted.gap == 2


def test_trimming_the_middle_leaves_out_no_more_than_it_must() -> None:
    fitted = fit(long_talk(20), 4000, Context(keep_recent_turns=2), count)

    assert spoken(fitted.messages)[:3] == ["You serve.", "goal", "question 3"]
    assert 4000 - 300 < total(fitted.messages) <= 4000


def test_what_matches_a_pin_is_kept() -> None:
    fitted = fit(long_talk(20), 1500, Context(pins=("question 7 ",), keep_recent_turns=1), count)

    assert "question 7" in spoken(fitted.messages)
    assert "question 6" not in spoken(fitted.messages)


def test_messages_of_the_prompt_itself_are_not_taken_for_the_goal() -> None:
    examples: list[ModelMessage] = [says("an example"), answers("of an answer")]
    fitted = fit([*examples, *long_talk(9)[1:]], 240, Context(keep_recent_turns=1), count, head=2)

    assert spoken(fitted.messages) == ["an example", "of an", "goal", "question 8"]


def test_a_long_result_that_the_model_waits_for_is_cut_in_its_middle() -> None:
    messages = [says("goal"), *called({"c1": 9000, "c2": 50})]
    fitted = fit(messages, 3000, Context(), count)
    result = texts(fitted.messages[-1])[0]

    assert total(fitted.messages) <= 3000
    assert result.startswith("rrr")
    assert result.endswith("rrr")
    assert "characters left out" in result
    assert texts(fitted.messages[-1])[1] == "r" * 50


def test_a_note_stands_where_something_was_left_out() -> None:
    fitted = fit(long_talk(20), 1500, Context(keep_recent_turns=2), count)

    assert spoken(fitted.noted("[left out]"))[2] == "[left out]"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_many_messages_of_the_user_in_a_row_are_left_out_one_by_one(strategy: Any) -> None:
    said = [UserPromptPart(f"say {i} {'x' * 50}") for i in range(50)]
    row = ModelRequest(parts=[SystemPromptPart("You serve."), *said])
    fitted = fit([row], 600, Context(strategy=strategy, keep_recent_turns=3), count)

    assert spoken(fitted.messages)[:2] == ["You serve.", "say 0"]
    assert spoken(fitted.messages)[-1] == "say 49"
    assert total(fitted.messages) <= 600
