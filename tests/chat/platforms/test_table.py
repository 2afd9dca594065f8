"""Adapters are made of the document, with secrets from the environment alone."""

from typing import Any

import pytest

from mooring.chat.platforms.table import adapter, adapters
from mooring.errors import UsageError
from mooring.spec.chat import PLATFORMS, Platform
from tests.chat.platforms.doors import STANDINS, document

every = pytest.mark.parametrize("platform", PLATFORMS)


def secrets(platform: str) -> dict[str, str]:
    door: dict[str, str] = STANDINS[platform].door
    names = [value.removeprefix("env:") for value in door.values() if value.startswith("env:")]
    return dict.fromkeys(names, "a-secret-of-nobody")


def test_every_connected_platform_has_its_adapter() -> None:
    environ = {name: value for platform in PLATFORMS for name, value in secrets(platform).items()}
    doors = {platform: STANDINS[platform].door for platform in PLATFORMS}
    made = adapters(document(**doors), environ)
    assert {name: found.name for name, found in made.items()} == {platform: platform for platform in PLATFORMS}
    assert all(found.deadline <= 10 for found in made.values())
    assert adapters(document(), {}) == {}
    assert "a-secret-of-nobody" not in repr(made)


@every
def test_a_secret_that_is_missing_or_damaged_is_named_and_not_shown(platform: Platform) -> None:
    environ = secrets(platform)
    for name in environ:
        for wrong in ("", "damaged\n", "two words", "é"):
            with pytest.raises(UsageError, match=name) as caught:
                adapter(document(**{platform: STANDINS[platform].door}), platform, environ | {name: wrong})
            assert "damaged" not in str(caught.value)


@every
def test_a_platform_that_is_not_connected_is_said_to_be(platform: Platform) -> None:
    with pytest.raises(UsageError, match=f"does not connect {platform}"):
        adapter(document(), platform, {})


@pytest.mark.parametrize("address", ["http://api.example", "ftp://127.0.0.1", "example", ""])
def test_a_token_goes_out_by_tls_alone(address: str) -> None:
    environ = secrets("slack") | {"MOORING_SLACK_API": address}
    with pytest.raises(UsageError, match="MOORING_SLACK_API"):
        adapter(document(slack=STANDINS["slack"].door), "slack", environ)


def test_feishu_without_an_encrypt_key_is_refused() -> None:
    door = {name: value for name, value in STANDINS["feishu"].door.items() if name != "encryptKey"}
    with pytest.raises(UsageError, match="encryptKey"):
        adapter(document(feishu=door), "feishu", secrets("feishu"))


def test_lark_is_asked_at_its_own_address() -> None:
    made: Any = adapter(document(feishu=STANDINS["feishu"].door | {"domain": "lark"}), "feishu", secrets("feishu"))
    assert made.api == "https://open.larksuite.com/open-apis"
