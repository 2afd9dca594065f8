"""Signatures by real keys of ssh-keygen: right ones, and each way to be wrong."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.signature import NAMESPACE, sign, signature_of, verify
from mooring.spec.environment import Signer
from tests.keys_of_signers import keypair

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DATA = b'{"release": "sha256:1"}'


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: keypair(folder, name) for name in ("ann", "bob")}


def signer(keys: Any, name: str, **times: datetime) -> Signer:
    return Signer(name=name, key=keys[name][1], **times)


def refusal(keys: Any, data: bytes, signature: bytes, *signers: Signer) -> str:
    with pytest.raises(Refused) as refused:
        verify(data, signature, signers, NOW, "out.json")
    assert refused.value.reason is Reason.TAMPERED
    return str(refused.value)


def test_two_keys_are_valid_at_once_while_one_replaces_the_other(keys: Any) -> None:
    both = (signer(keys, "ann", valid_before=NOW + DAY), signer(keys, "bob", valid_after=NOW - DAY))
    for name in ("ann", "bob"):
        assert verify(DATA, sign(DATA, str(keys[name][0]), {}), both, NOW, "out.json").name == name


def test_a_key_counts_in_its_time_alone(keys: Any) -> None:
    signature = sign(DATA, str(keys["ann"][0]), {})
    said = refusal(keys, DATA, signature, signer(keys, "ann", valid_before=NOW))
    assert said.endswith("signed by ann, whose key expired at 2026-06-01T00:00:00+00:00")
    said = refusal(keys, DATA, signature, signer(keys, "ann", valid_after=NOW.replace(tzinfo=None) + DAY))
    assert "is valid from 2026-06-02T00:00:00+00:00 on" in said


def test_another_key_is_told_by_its_fingerprint(keys: Any) -> None:
    said = refusal(keys, DATA, sign(DATA, str(keys["bob"][0]), {}), signer(keys, "ann"))
    assert "was signed by SHA256:" in said
    assert "which may not sign releases; it takes a signature of ann" in said


@pytest.mark.parametrize(
    "signature", [b"", b"nonsense", b"-----BEGIN SSH SIGNATURE-----\n=\n-----END SSH SIGNATURE-----"]
)
def test_what_is_no_signature_is_refused(keys: Any, signature: bytes) -> None:
    assert "is not what was signed" in refusal(keys, DATA, signature, signer(keys, "ann"))


def test_a_changed_file_is_refused_and_so_is_a_signature_for_something_else(keys: Any) -> None:
    file = keys["ann"][0]
    assert "is not what was signed" in refusal(keys, DATA + b" ", sign(DATA, str(file), {}), signer(keys, "ann"))
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(file), "-n", "git"]
    of_commit = subprocess.run(command, input=DATA, capture_output=True, check=True).stdout
    assert "is not one for releases" in refusal(keys, DATA, of_commit, signer(keys, "ann"))


def test_anybody_verifies_it_without_this_program(keys: Any, tmp_path: Path) -> None:
    (tmp_path / "sig").write_bytes(sign(DATA, str(keys["ann"][0]), {}))
    (tmp_path / "allowed").write_text(f"ann {keys['ann'][1]}\n")
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "ann", "-n", NAMESPACE, "-s", "sig"]
    subprocess.run(command, input=DATA, cwd=tmp_path, check=True, capture_output=True)


def test_a_key_comes_by_reference_and_is_in_no_error(keys: Any, tmp_path: Path) -> None:
    file, _public = keys["ann"]
    signature = sign(DATA, "env:SIGNING_KEY", {"SIGNING_KEY": file.read_text()})
    assert verify(DATA, signature, [signer(keys, "ann")], NOW, "out.json").name == "ann"
    with pytest.raises(UsageError, match="SIGNING_KEY is not set"):
        sign(DATA, "env:SIGNING_KEY", {})
    with pytest.raises(UsageError, match="there is no key"):
        sign(DATA, str(tmp_path / "none"), {})
    with pytest.raises(Failed, match="did not sign") as failed:
        sign(DATA, "env:SIGNING_KEY", {"SIGNING_KEY": "s3cret-that-is-no-key"})
    assert "s3cret" not in str(failed.value)


def test_a_file_without_a_signature_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not signed") as refused:
        signature_of(tmp_path / "out.json")
    assert "moor release sign" in refused.value.fix


def test_a_machine_without_ssh_keygen_is_told_what_to_install(keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Failed, match="ssh-keygen is not installed"):
        verify(DATA, b"x", [signer(keys, "ann")], NOW, "out.json")


@pytest.mark.parametrize("key", ["ssh-rsa " + "A" * 60, "ssh-ed25519 " + "A" * 60 + " ann@home", "ssh-ed25519 A\nB"])
def test_only_public_keys_of_one_line_are_keys(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Signer(name="ann", key=key)
