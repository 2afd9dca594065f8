"""`moor keys`: made, listed, rotated and revoked, and never shown twice."""

import re
import time
from pathlib import Path

import pytest

from mooring.runtime.core.keys import digest

ACCESS = """access:
  tenants:
    - name: shop
    - name: bank
  keys:
    - {name: scraper, role: operator, secretRef: env:SCRAPER_KEY}
"""
KEY = re.compile(r"moor_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def place(repo, monkeypatch) -> Path:
    """A repository whose environment local declares access."""
    document = repo.root / "configs/environments/local.yaml"
    document.write_text(document.read_text() + ACCESS)
    monkeypatch.chdir(repo.root)
    return repo.root


def test_a_key_is_shown_once_and_its_hash_is_kept(place, moor):
    said = moor("keys", "create", "local", "website", "--tenant", "shop")
    assert said.code == 0
    key = said.out.strip()
    assert KEY.fullmatch(key)
    assert "once" in said.err
    text = (place / ".mooring/local/keys.json").read_text()
    assert key not in text
    assert digest(key) in text
    listed = moor("keys", "list", "local", "--json")
    assert [one["name"] for one in listed.json["keys"]] == ["website", "scraper"]
    assert not KEY.search(listed.out)
    assert digest(key) not in listed.out


def test_json_has_the_key_and_what_it_allows(place, moor):
    options = ["--tenant", "shop", "--agents", "support", "--requests-per-minute", "60", "--ends", "2h"]
    made = moor("keys", "create", "local", "site", *options, "--json").json
    assert made["agents"] == ["support"]
    assert made["limits"]["requestsPerMinute"] == 60
    assert 7100 < made["ends"] - time.time() <= 7200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "belongs to a tenant"),
        (["--tenant", "shpo"], "did you mean 'shop'"),
        (["--tenant", "shop", "--role", "operator"], "an operator has no tenant"),
        (["--tenant", "shop", "--agents", "suport"], "did you mean 'support'"),
        (["--tenant", "shop", "--requests-per-minute", "0"], "--requests-per-minute"),
        (["--tenant", "shop", "--ends", "soon"], "neither a time"),
        (["--tenant", "shop", "--ends", "99999d"], "neither a time"),
    ],
)
def test_a_key_that_would_open_nothing_is_refused(place, moor, options, words):
    said = moor("keys", "create", "local", "site", *options)
    assert said.code == 2
    assert words in said.err
    assert not (place / ".mooring/local/keys.json").exists()


def test_two_keys_of_one_name_come_from_rotating_and_not_from_creating(place, moor):
    assert moor("keys", "create", "local", "site", "--tenant", "shop").code == 0
    again = moor("keys", "create", "local", "site", "--tenant", "bank")
    assert again.code == 2
    assert "rotate" in again.err


def test_a_rotated_key_works_on_for_its_overlap_and_the_new_one_as_long_as_the_old_one_did(place, moor):
    old = moor("keys", "create", "local", "site", "--tenant", "shop", "--ends", "30d", "--json").json
    new = moor("keys", "rotate", "local", "site", "--overlap", "1h", "--json").json
    assert new["key"] != old["key"]
    assert new["ends"] - new["created"] == pytest.approx(30 * 86400)
    kept = {one["id"]: one for one in moor("keys", "list", "local", "--json").json["keys"]}
    assert kept[old["id"]]["ends"] == pytest.approx(time.time() + 3600, abs=60)
    assert kept[new["id"]]["tenant"] == "shop"


@pytest.mark.slow
def test_a_revoked_key_is_gone_alone_or_with_all_of_its_name(place, moor):
    old = moor("keys", "create", "local", "site", "--tenant", "shop", "--json").json
    moor("keys", "rotate", "local", "site")
    assert moor("keys", "revoke", "local", "site", "--id", old["id"]).code == 0
    assert len(moor("keys", "list", "local", "--json").json["keys"]) == 2
    assert moor("keys", "revoke", "local", "site").code == 0
    assert [one["name"] for one in moor("keys", "list", "local", "--json").json["keys"]] == ["scraper"]


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
def test_an_unknown_key_is_named_with_the_nearest(place, moor, verb):
    moor("keys", "create", "local", "website", "--tenant", "shop")
    said = moor("keys", verb, "local", "web-site")
    assert said.code == 2
    assert "website" in said.err


def test_an_environment_without_access_takes_no_keys(repo, moor, monkeypatch):
    monkeypatch.chdir(repo.root)
    said = moor("keys", "create", "local", "site", "--tenant", "shop")
    assert said.code == 2
    assert "declares no access" in said.error


def test_a_damaged_file_is_one_line_and_is_left_alone(place, moor):
    file = place / ".mooring/local/keys.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    said = moor("keys", "create", "local", "site", "--tenant", "shop")
    assert said.code == 1
    assert "cannot be read" in said.error
    assert file.read_text() == "{"
