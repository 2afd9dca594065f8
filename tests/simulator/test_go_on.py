"""A simulated model that is asked to go on with an answer that was cut off does that."""

from mooring.simulator.completion import complete
from mooring.simulator.request import ChatRequest
from mooring.simulator.rulebook import read
from mooring.spec.messages import GO_ON
from tests.repository import CONTENT

BOOK = read(CONTENT / "evals/simulator")
SYSTEM = "You are the customer support assistant of Tidewater."


def said(*messages: tuple[str, str]) -> str:
    told = [{"role": role, "content": text} for role, text in (("system", SYSTEM), *messages)]
    return complete(BOOK, ChatRequest.model_validate({"model": "gpt-4.1-2025-04-14", "messages": told})).content


def test_it_says_the_rest_and_nothing_again() -> None:
    asked = ("user", "What can you do?")
    whole = said(asked)
    begun = whole[: whole.index(" ", len(whole) // 2)]
    rest = said(asked, ("assistant", begun), ("user", GO_ON))
    assert f"{begun} {rest}" == whole


def test_where_it_would_have_said_something_else_it_says_all_of_that() -> None:
    asked = ("user", "What can you do?")
    assert said(asked, ("assistant", "Bananas are"), ("user", GO_ON)) == said(asked)
