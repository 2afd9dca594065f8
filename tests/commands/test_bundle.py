"""An environment that wants signatures: `moor deploy` verifies the bundle before it changes anything."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mooring.change.plan import make_plan
from mooring.commands.bundle import _signers
from mooring.release.canonical import canonical
from mooring.release.release import Release
from tests.keys_of_signers import keypair
from tests.repository import Repo

LOCAL = "configs/environments/local.yaml"


@dataclass
class Signed:
    """A repository whose environment wants Ann's signature. After that a live drill lacks, so nothing is deployed."""

    repo: Repo
    moor: Any
    key: Path
    other: Path
    file: Path

    def run(self, *words: str | Path) -> Any:
        return self.moor("-C", self.repo.root, "--json", *words)

    def export(self, sign: bool = True) -> Path:
        assert self.run("release", "export", "local", self.file).code == 0
        if sign:
            assert self.run("release", "sign", self.file, "--key", self.key).code == 0
        return self.file

    def refused(self, *words: str | Path) -> dict[str, Any]:
        said = self.run("deploy", "local", *words)
        assert said.code == 1, said.json
        return dict(said.json)


@pytest.fixture
def signed(repo: Repo, moor: Any, tmp_path: Path) -> Signed:
    key, public = keypair(tmp_path, "ann")
    other, _public = keypair(tmp_path, "mallory")
    wanted = f"rollout:\n  proofs: {{crash: {{days: 7}}}}\n  signatures: [{{name: ann, key: {public}}}]\n"
    repo.edit(LOCAL, "rollout:\n", wanted)
    repo.commit("releases are signed")
    return Signed(repo, moor, key, other, tmp_path / "out.json")


PASSED = "live drill crash"
"""What is said to a deployment whose bundle was taken."""


@pytest.mark.slow
def test_it_is_refused_without_a_bundle_and_passes_with_one_that_was_signed(signed: Signed) -> None:
    found = signed.refused()
    assert (found["reason"], found["message"]) == (
        "no-evidence",
        "local takes only releases that one of ann signed, and no bundle was given",
    )
    assert "moor release export local FILE" in found["fix"]
    assert PASSED in signed.refused("--bundle", signed.export())["message"]
    said = signed.run("release", "verify", signed.file)
    assert (said.code, said.json["reason"]) == (0, "valid")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "reason", "said"),
    [
        (lambda signed: Path(f"{signed.file}.sig").unlink(), "tampered", "is not signed"),
        (
            lambda signed: signed.run("release", "sign", signed.file, "--key", signed.other),
            "tampered",
            "which may not sign releases; it takes a signature of ann",
        ),
        (
            lambda signed: signed.file.write_bytes(signed.file.read_bytes() + b"\n"),
            "tampered",
            "is not what was signed",
        ),
    ],
    ids=["missing", "wrong key", "forged"],
)
def test_a_bundle_that_is_not_signed_as_it_must_be_is_refused(
    signed: Signed, spoil: Callable[[Signed], object], reason: str, said: str
) -> None:
    signed.export()
    spoil(signed)
    found = signed.refused("--bundle", signed.file)
    assert found["reason"] == reason
    assert said in found["message"]


@pytest.mark.slow
def test_a_signed_bundle_of_another_release_plan_or_commit_is_refused(signed: Signed) -> None:
    signed.export()
    value = json.loads(signed.file.read_bytes())
    for name, wrong, said in (
        ("plan", value["plan"] | {"plan": f"sha256:{'0' * 64}"}, "is for plan sha256:000"),
        ("commit", "0" * 40, "was made of commit 000"),
    ):
        signed.file.write_bytes(canonical(value | {name: wrong}))
        assert signed.run("release", "sign", signed.file, "--key", signed.key).code == 0
        found = signed.refused("--bundle", signed.file)
        assert (found["reason"], said in found["message"]) == ("plan-mismatch", True), found
    signed.file.write_bytes(canonical(value))
    assert signed.run("release", "sign", signed.file, "--key", signed.key).code == 0
    signed.repo.edit("prompts/shared/tone.yaml", "Be warm and plain", "Be brief and plain")
    signed.repo.commit("another release")
    found = signed.refused("--bundle", signed.file)
    assert (found["reason"], "is to be deployed" in found["message"]) == ("tampered", True), found


@pytest.mark.slow
def test_evidence_travels_in_it(signed: Signed) -> None:
    assert signed.run("eval", "--environment", "local").code == 0
    signed.export()
    (found,) = json.loads(signed.file.read_bytes())["evidence"]
    assert (found["outcome"], found["environment"]) == ("pass", "local")
    (kept,) = (signed.repo.root / ".mooring/local/evaluations").glob("*.simulated.json")
    kept.unlink()
    assert PASSED in signed.refused("--bundle", signed.file)["message"]
    assert json.loads(kept.read_bytes()) == found, "on the machine that deploys as on the one that evaluated"


def test_what_is_no_bundle_is_not_signed(signed: Signed) -> None:
    signed.file.write_text("{}")
    said = signed.run("release", "sign", signed.file, "--key", signed.key)
    assert (said.code, said.json["reason"]) == (1, "tampered")


def test_the_keys_of_what_is_live_count_so_that_no_change_brings_its_own(edit: Any) -> None:
    def demanding(*names: str) -> Release:
        keys = [{"name": name, "key": f"ssh-ed25519 {name.upper() * 20}"} for name in names]
        return Release.of(edit({"environment.rollout.signatures": keys}))

    def who(release: Release, live: Release | None) -> list[str]:
        return [signer.name for signer in _signers(release, live)]

    assert who(demanding("bob"), demanding("ann")) == ["ann"]
    assert who(demanding(), demanding("ann")) == ["ann"], "the demand is not dropped by the change that drops it"
    assert who(demanding("ann"), demanding()) == ["ann"]
    assert who(demanding("ann"), None) == ["ann"]
    assert who(demanding(), None) == []


def test_who_may_sign_is_guarded(edit: Any) -> None:
    def plan(before: list[str], after: list[str], **more: str) -> list[tuple[str, str]]:
        def release(names: list[str], **more: str) -> Release:
            keys = [{"name": name, "key": f"ssh-ed25519 {name.upper() * 20}", **more} for name in names]
            return Release.of(edit({"environment.rollout.signatures": keys}))

        made = make_plan(release(after, **more), release(before), (), datetime.now(UTC))
        return [(change.code.removeprefix("environment.rollout-"), change.sentence) for change in made.changes]

    assert plan(["ann"], []) == [("weakened", "goes out without a signature")]
    assert plan([], ["ann"]) == [("changed", "needs a signature of ann")]
    assert plan(["ann"], ["ann", "bob"]) == [("weakened", "bob may sign releases too")]
    assert plan(["ann", "bob"], ["bob"]) == [("changed", "ann no longer signs releases")]
    [(code, said)] = plan(["ann"], ["ann"], validBefore="2027-01-01T00:00:00Z")
    assert (code, "less time" in said) == ("changed", True)
