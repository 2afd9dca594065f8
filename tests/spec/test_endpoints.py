"""Who answers for each provider of an environment."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.spec.endpoints import any_real, any_simulated, by_provider, endpoint_of

Edit = Callable[[dict[str, Any]], ReleaseContent]
MIXED = {"openai": "real", "anthropic": "simulated"}


@pytest.mark.parametrize("word", ["simulated", "real"])
def test_one_word_is_canonical_as_it_was(edit: Edit, word: str) -> None:
    content = edit({"environment.endpoints": word})
    assert content.environment.endpoints == word
    assert f'"endpoints":"{word}"'.encode() in Release.of(content).to_bytes()


def test_the_digest_of_a_release_that_says_one_word_is_what_it_was(content: ReleaseContent) -> None:
    before = content.model_dump(mode="json")
    assert before["environment"]["endpoints"] == "simulated"
    release = Release.of(content)
    assert Release.from_bytes(release.to_bytes()).digest == release.digest


def test_a_mapping_is_another_release_and_survives_its_bytes(edit: Edit) -> None:
    release = Release.of(edit({"environment.endpoints": MIXED}))
    read = Release.from_bytes(release.to_bytes())
    assert read.content.environment.endpoints == MIXED
    assert release.digest != Release.of(edit({})).digest
    other_order = dict(reversed(MIXED.items()))
    assert Release.of(edit({"environment.endpoints": other_order})).digest == release.digest


@pytest.mark.parametrize(
    "value", ["reel", {}, {"openai": "reel"}, {"": "real"}, ["real"], None, True, {"openai": None}]
)
def test_what_is_neither_is_one_error(edit: Edit, value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        edit({"environment.endpoints": value})
    (detail,) = error.value.errors()
    assert detail["loc"] == ("environment", "endpoints")
    assert "`simulated`" in detail["msg"]
    assert "`real`" in detail["msg"]


def test_the_error_names_the_provider_that_is_wrong(edit: Edit) -> None:
    with pytest.raises(ValidationError, match="the endpoint of `openai` must be `simulated` or `real`"):
        edit({"environment.endpoints": {"anthropic": "real", "openai": "maybe"}})


def test_each_provider_is_what_is_said_of_it(edit: Edit) -> None:
    environment = edit({"environment.endpoints": MIXED}).environment
    assert (environment.simulates("anthropic"), environment.simulates("openai")) == (True, False)
    assert (environment.calls_simulator, environment.calls_providers) == (True, True)
    assert by_provider(MIXED, ["openai", "anthropic", "openai"]) == {"anthropic": "simulated", "openai": "real"}
    assert by_provider("real", ["b", "a"]) == {"a": "real", "b": "real"}


def test_nothing_is_played_that_nobody_asked_for() -> None:
    assert endpoint_of(MIXED, "somebody") == "real"


@pytest.mark.parametrize(
    ("endpoints", "simulated", "real"),
    [
        ("simulated", True, False),
        ("real", False, True),
        (MIXED, True, True),
        ({"openai": "simulated"}, True, False),
        ({"openai": "real"}, False, True),
    ],
)
def test_whether_anybody_is_asked_or_played(endpoints: Any, simulated: bool, real: bool) -> None:
    assert (any_simulated(endpoints), any_real(endpoints)) == (simulated, real)


def test_models_are_real_by_their_provider(edit: Edit) -> None:
    content = edit({"environment.endpoints": MIXED})
    assert [model.provider for model in content.real_models] == ["openai"]
    assert content.endpoints_of(content.agents["support"]) == {"anthropic": "simulated", "openai": "real"}


@pytest.mark.parametrize(
    ("endpoints", "accepted"),
    [
        ("simulated", ("live", "recorded", "simulated")),
        (MIXED, ("live", "recorded")),
        ("real", ("live", "recorded")),
        ({"openai": "simulated", "anthropic": "simulated"}, ("live", "recorded", "simulated")),
    ],
)
def test_production_that_asks_any_provider_takes_no_simulated_evidence(
    edit: Edit, endpoints: Any, accepted: tuple[str, ...]
) -> None:
    environment = edit({"environment.tier": "production", "environment.endpoints": endpoints}).environment
    assert environment.accepted_evidence == accepted
