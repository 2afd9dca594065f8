"""The documents' models."""

import pytest
from pydantic import ValidationError

from mooring.spec import FOLDERS, KINDS, Agent, Resilience, Tool

HEAD = {"apiVersion": "mooring/v1", "version": "1.0.0", "description": "x", "owner": "@lighthouse/desk"}
HINTS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}


def tool(**more: object) -> Tool:
    bind = {"type": "http", "service": "desk", "method": "GET", "path": "/"}
    body = {"name": "desk/find-it", "inputSchema": {}, "outputSchema": {}, "annotations": HINTS, "bind": bind}
    return Tool.model_validate(HEAD | {"kind": "Tool"} | body | more)


def test_every_kind_has_a_folder_and_says_its_name() -> None:
    assert FOLDERS.keys() == KINDS.keys()
    for kind, model in KINDS.items():
        assert model.model_fields["kind"].annotation.__args__ == (kind,)  # type: ignore[union-attr]


def test_documents_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        tool().name = "other"  # type: ignore[misc]


def test_a_document_survives_being_written_and_read() -> None:
    written = tool(timeoutSeconds=12).model_dump_json()
    assert '"timeoutSeconds":12' in written
    assert Tool.model_validate_json(written) == tool(timeoutSeconds=12)


@pytest.mark.parametrize(("more", "name"), [({}, "find_it"), ({"exportName": "look"}, "look")])
def test_a_model_sees_the_last_part_of_a_tool_s_name_or_the_one_it_is_given(more: dict[str, str], name: str) -> None:
    assert tool(**more).exported == name


def test_rungs_are_named_from_the_best_down_and_may_leave_gaps() -> None:
    agent = Agent.model_validate(
        HEAD | {"kind": "Agent", "name": "a", "prompt": "p", "models": {"L0": "x", "L2": "z"}, "resilience": "r"}
    )
    assert agent.models.names() == (("L0", "x"), ("L2", "z"))


def profile(**more: object) -> Resilience:
    return Resilience.model_validate(HEAD | {"kind": "Resilience", "name": "r"} | more)


def test_a_profile_that_says_nothing_has_all_its_messages_in_three_languages_and_a_deadline() -> None:
    told = [profile().ladder.apology, *profile().messages.by_name().values()]
    assert [texts.keys() for texts in told] == [{"en", "de", "zh"}] * 8
    assert (profile().languages, profile().deadline_seconds) == (("en",), 120)


def test_messages_of_a_profile_come_beside_the_built_in_ones() -> None:
    ticket = profile(messages={"ticket": {"fr": "Question gardée : {ticket}.", "de": "{ticket}!"}}).messages.ticket
    assert (set(ticket), ticket["de"]) == ({"en", "de", "zh", "fr"}, "{ticket}!")


@pytest.mark.parametrize(
    "messages", [{"ticket": {"fr": "Gardée."}}, {"hours": {"en": "h"}}, {"ticket": {"french": "{ticket}"}}]
)
def test_a_message_without_its_place_or_language_tag_is_refused(messages: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValidationError):
        profile(messages=messages)


@pytest.mark.parametrize("tag", ["zh", "zh-Hant", "pt-BR", "zh-Hans-CN", "yue"])
def test_languages_are_tags_with_script_and_region(tag: str) -> None:
    assert profile(ladder={"apology": {"en": "Sorry.", tag: "…"}}).ladder.apology[tag] == "…"


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "01.0.0", "1.0.0-rc1", "1.0.0\n"])
def test_a_version_is_three_numbers(version: str) -> None:
    with pytest.raises(ValidationError):
        tool(version=version)


@pytest.mark.parametrize("name", ["", "/a", "a//b", "A", "a/../b", "a b", "a/"])
def test_a_name_is_a_plain_path(name: str) -> None:
    with pytest.raises(ValidationError):
        tool(name=name)
