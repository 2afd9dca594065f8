"""A release is named by its content, and by nothing else."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.errors import FindingsError, Refused
from mooring.outcome import Reason
from mooring.release.canonical import canonical, digest, read
from mooring.release.content import ReleaseContent
from mooring.release.release import Release

Edit = Callable[[dict[str, Any]], ReleaseContent]

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.$é", max_size=4), inner, max_size=3),
    max_leaves=8,
)


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@pytest.mark.slow
@given(order=st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_keys(order: random.Random, content: ReleaseContent) -> None:
    again = ReleaseContent.model_validate(shuffled(content.model_dump(mode="json"), order))
    assert Release.of(again).digest == Release.of(content).digest


@pytest.mark.slow
@given(value=json_values)
def test_a_release_read_back_is_the_release_that_was_written(value: Any, edit: Edit) -> None:
    release = Release.of(edit({"agents.support.variables.shop": value}))
    again = Release.from_bytes(release.to_bytes())
    assert again == release
    assert Release.of(again.content) == release


@pytest.mark.slow
@given(value=json_values)
def test_canonical_json_reads_back_to_itself(value: Any) -> None:
    assert canonical(read(canonical(value))) == canonical(value)


def test_the_spelling_of_a_number_does_not_matter_but_its_type_does(edit: Edit) -> None:
    one, same, other = (Release.of(edit({"agents.support.variables.shop": value})) for value in (1, 1.0, True))
    assert one.digest == same.digest
    assert one.digest != other.digest


def test_a_default_that_is_written_out_does_not_matter(edit: Edit, content: ReleaseContent) -> None:
    written = edit(
        {"resilience.standard.breaker": {"consecutiveFailures": 5, "openSeconds": 30.0}, "agents.support.limits": {}}
    )
    assert Release.of(written).digest == Release.of(content).digest


def test_the_digest_is_the_hash_of_the_bytes(content: ReleaseContent) -> None:
    release = Release.of(content)
    assert release.digest == digest(release.to_bytes())
    assert json.loads(release.to_bytes())["environment"]["name"] == "local"


def test_every_value_without_a_canonical_form_is_a_finding(edit: Edit) -> None:
    content = edit({"models.openai/gpt-4-1.options.seed": 2**60, "environment.rollout.warm.hours": float("inf")})
    with pytest.raises(FindingsError) as caught:
        Release.of(content)
    assert {finding.path for finding in caught.value.findings} == {
        "environment.rollout.warm.hours",
        "models.openai/gpt-4-1.options.seed",
    }


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[" * 100_000, b"{", b'{"b":1,"a":2}', b'{ "a":1}', b'{"a":NaN}', b'{"a":1,"a":1}']
)
def test_bytes_that_are_not_canonical_json_are_refused(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        Release.from_bytes(data)
    assert caught.value.reason is Reason.TAMPERED
    assert "\n" not in str(caught.value)


def test_a_release_of_another_format_is_refused_as_such(content: ReleaseContent) -> None:
    data = canonical({**content.model_dump(mode="json"), "epoch": 2})
    with pytest.raises(Refused, match="does not fit this version of Mooring: epoch") as caught:
        Release.from_bytes(data)
    assert caught.value.reason is Reason.STALE


def test_a_release_stored_before_a_field_had_a_default_keeps_its_name(content: ReleaseContent) -> None:
    older = content.model_dump(mode="json")
    del older["resilience"]["standard"]["onDisconnect"]
    release = Release.from_bytes(canonical(older))
    assert release.content == content
    assert release.digest == digest(release.to_bytes()) != Release.of(content).digest
