"""Who may say what: closed wherever something is not known."""

from collections.abc import Callable
from itertools import product

import pytest

from mooring.chat import policy
from mooring.chat.codes import Code
from mooring.chat.policy import Speaker
from mooring.chat.said import Caller
from mooring.spec import Chat
from mooring.spec.chat import COMMANDS, PLATFORMS, ROLLBACK

Rules = Callable[..., Chat]


def test_without_a_document_a_person_or_a_role_there_is_no_right(rules: Rules) -> None:
    document = rules()
    for command, environment in product(COMMANDS, ("local", "production")):
        assert policy.judge(None, Speaker("ann", ("operator",), on_call=True), command, environment) == Code.NO_DOCUMENT
        if command != "help":
            assert policy.judge(document, Speaker("x"), command, environment) == Code.FORBIDDEN
            assert policy.judge(document, Speaker("x", ("no-such-role",)), command, environment) == Code.FORBIDDEN
    for platform in (*PLATFORMS, "name", "roles", "nowhere"):
        assert policy.speaker(document, Caller(platform, "")) is None
        assert policy.speaker(document, Caller(platform, "None")) is None
        assert policy.speaker(None, Caller(platform, "U1")) is None


@pytest.mark.parametrize(
    ("roles", "command", "environment", "allowed"),
    [
        (("operator",), "deploy lock", "production", True),
        (("operator",), "alert silence", "production", False),
        (("operator",), "drift", "production", True),
        (("reader",), "agent status", "local", True),
        (("reader",), "agent status", "production", False),
        (("reader",), "agent restart", "local", False),
        (("reader", "operator"), "agent status", "production", True),
        ((), "help", "production", True),
    ],
)
def test_roles_by_command_and_environment(
    rules: Rules, roles: tuple[str, ...], command: str, environment: str, allowed: bool
) -> None:
    assert (policy.judge(rules(), Speaker("x", roles), command, environment) is None) == allowed


def test_whoever_is_on_call_may_roll_back_everywhere_and_nothing_else(rules: Rules) -> None:
    dan = policy.speaker(rules(), Caller("slack", "U4"))
    assert dan is not None
    for environment in ("local", "production"):
        assert policy.rights(rules(), dan, environment) == (ROLLBACK, "help")


def test_an_id_that_two_people_have_is_nobodys(rules: Rules) -> None:
    people = [{"name": "ann", "slack": "U1"}, {"name": "bob", "slack": "U1"}]
    assert policy.speaker(rules(people=people, onCall=[]), Caller("slack", "U1")) is None


def test_the_terminal_is_whoever_could_run_the_command_line_anyway() -> None:
    who = policy.speaker(None, Caller("terminal", "ann@host"))
    assert who is not None
    assert policy.rights(None, who, "production") == COMMANDS


def test_the_most_specific_pattern_says_who_confirms(rules: Rules) -> None:
    document = rules(confirm={"*": "none", "deploy *": "other", "deploy lock": "self"})
    ann, dan = (policy.speaker(document, Caller("slack", one)) for one in ("U1", "U4"))
    assert ann is not None
    assert dan is not None
    said = {one: policy.confirmation(document, ann, one) for one in ("deploy lock", "deploy unlock", "agent restart")}
    assert said == {"deploy lock": "self", "deploy unlock": "other", "agent restart": "none"}
    assert [policy.confirmation(document, who, ROLLBACK) for who in (ann, dan)] == ["other", "self"]
    assert policy.confirmation(rules(), ann, "deploy lock") == "self"


@pytest.mark.parametrize(
    ("confirm", "by", "code"),
    [
        ("self", Speaker("ann", named=True), None),
        ("self", Speaker("bob", named=True), Code.NOT_YOURS),
        ("other", Speaker("bob", named=True), None),
        ("other", Speaker("ann", named=True), Code.NEEDS_ANOTHER),
        ("other", Speaker("bob-account@github"), Code.NEEDS_ANOTHER),
    ],
)
def test_who_may_answer_a_question(confirm: str, by: Speaker, code: Code | None) -> None:
    assert policy.answers(confirm, "ann", asker_named=True, by=by) == code
    if confirm == "other":
        assert policy.answers(confirm, "ann", asker_named=False, by=by) == Code.NEEDS_ANOTHER


def test_a_permission_gives_its_role_and_no_name_that_a_person_could_have(rules: Rules) -> None:
    who = policy.by_permission(rules(), Caller("github", "Boss"), "admin")
    assert who == Speaker("boss@github", ("operator",))
    for permission in ("write", "read", "none", "", None):
        assert policy.by_permission(rules(), Caller("github", "boss"), permission) is None
    assert policy.asks_permission(rules(), Caller("github", "boss"), "acme/agents")
    assert not policy.asks_permission(rules(), Caller("github", "ann-LOGIN"), "acme/agents")
    assert not policy.asks_permission(rules(), Caller("github", "boss"), "acme/other")
    assert not policy.asks_permission(rules(), Caller("slack", "boss"), "acme/agents")
    assert not policy.asks_permission(None, Caller("github", "boss"), None)
