"""Secrets in text, and what only looks like one.

Samples are put together here, so that no scanner takes them for leaks.
"""

import pytest

from mooring.catalog.secrets import secrets_in

SECRETS = [
    "sk-ant-" + "api03-Zx81kQm4Tn7Rw2Vb9Lc5",
    "AKIA" + "Q3EGRZL7XK2PVB5N",
    "ghp_" + "Zx81kQm4Tn7Rw2Vb9Lc5Yd3HpS6uA0fGjK8e",
    "xoxb-" + "2148-5521-Zx81kQm4Tn7R",
    "AIza" + "Zx81kQm4Tn7Rw2Vb9Lc5Yd3HpS6uA0fGjK8",
    "sk_live_" + "Zx81kQm4Tn7Rw2Vb",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NSJ9.c2ln",
    "postgres://clerk:" + "hunter2@db.example/letters",
    "api_key = " + "'9f86d081884c7d659a2f'",
    "Password: " + "correct-horse-7",
    "Zx81kQm4Tn7Rw2Vb9Lc5" + "Yd3HpS6uA0fGjK8eWi+/==",
    "ssh-ed25519 " + "Zx81kQm4Tn7Rw2Vb9Lc5Yd3HpS6uA0fGjK8eWi",
]
HARMLESS = [
    "sha256:0f3a9c4be1d27c85a6b4f0e9d8c7b6a5f4e3d2c1b0a99887766554433221100f",
    "0f3a9c4be1d27c85a6b4f0e9d8c7b6a5f4e3d2c1b0a99887766554433221100f",
    "550e8400-e29b-41d4-a716-446655440000",
    "secretRef: env:OPENAI_API_KEY",
    "https://docs.example/Guides/Version2/Getting-Started/With-Letters-And-Parcels",
    "claude-sonnet-4-5-20250929",
    "Password: ask the team, never write it here",
    "token: {{ token }}",
    "The secret: plan early.",
    "maxOutputTokens: 1024",
    "AVeryLongCamelCaseNameOfSomethingThatIsNotRandom",
    "key: ssh-ed25519 AAAA" + "C3NzaC1lZDI1NTE5AAAAIZx81kQm4Tn7Rw2Vb9Lc5Yd3HpS6uA0fGjK8eWi7",
    "mail me at clerk@desk.example",
    "shop/find-order and shop/refund-order and oncall/query-metrics",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_once_on_its_line_and_not_repeated(secret: str) -> None:
    found = list(secrets_in("f.yaml", f"a: 1\nb: x {secret}\nc: 2\n".encode()))
    assert [(finding.line, finding.check) for finding in found] == [(2, "secret")]
    assert all(part not in repr(found) for part in secret.split() if len(part) > 12)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    assert list(secrets_in("f.yaml", f"a: {text}\n".encode())) == []
