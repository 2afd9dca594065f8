"""An agent that no rule knows gets an answer all the same: plain, in its language, marked, and without effects."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mooring.simulated import NO_RULE, SAYS, stands_in
from mooring.simulator.completion import Completion, complete
from mooring.simulator.request import ChatRequest
from mooring.simulator.rulebook import Rulebook, Section
from mooring.simulator.rules import Reply, Rule, When

EMPTY = Rulebook((), {}, {}, {}, ())
TOOL = {"type": "function", "function": {"name": "shred", "parameters": {"type": "object"}}}
CARD = {
    "type": "object",
    "required": ["title", "severity", "steps"],
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "severity": {"enum": ["low", "high"]},
        "steps": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
}


def asked(text: str, book: Rulebook = EMPTY, system: str = "You are the clerk, at a desk.", **more: Any) -> Completion:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return complete(book, ChatRequest.model_validate({"model": "mine", "messages": messages} | more))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What can you do for me today?", "en"),
        ("Wo bleibt meine Bestellung?", "de"),
        ("Où est ma commande, s'il vous plaît ?", "fr"),
        ("我的订单在哪里？", "zh"),
    ],
)
def test_the_answer_is_in_the_language_of_the_question_and_says_who_it_is(text: str, language: str) -> None:
    said = asked(text)
    assert said.content.endswith(SAYS[language])
    assert "the clerk" in said.content
    assert (said.rule, stands_in(said.content)) == (NO_RULE, True)


def test_the_same_question_has_the_same_answer() -> None:
    assert asked("hello") == asked("hello")


def test_it_fits_the_schema_of_the_agents_output() -> None:
    said = asked("What happened?", mooring_output=CARD)
    Draft202012Validator(CARD).validate(json.loads(said.content))


def test_it_calls_no_tool() -> None:
    assert asked("shred everything", tools=[TOOL]).calls == ()


def test_a_rule_always_wins() -> None:
    rule = Rule(id="greets", when=When(user=("hello",)), reply=Reply(content={"en": "Hello."}))
    book = Rulebook((), {}, {}, {}, (Section(When(), (rule,)),))
    assert (asked("hello", book).rule, asked("bye", book).rule) == ("greets", NO_RULE)


def test_a_model_says_nothing_of_the_kind_by_itself() -> None:
    assert not stands_in("I am the clerk.")
