"""The web address of a remote is what a browser opens, and never has credentials in it."""

import subprocess
from pathlib import Path

import pytest

from mooring.operate.repository.remote import repository, web_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/acme/agents.git", "https://github.com/acme/agents"),
        ("https://ann:token@github.com/acme/agents", "https://github.com/acme/agents"),
        ("https://git.acme.example:8443/acme/agents.git/", "https://git.acme.example:8443/acme/agents"),
        ("http://git.acme.example/agents", "http://git.acme.example/agents"),
        ("git@github.com:acme/agents.git", "https://github.com/acme/agents"),
        ("ssh://git@git.acme.example:2222/acme/agents.git", "https://git.acme.example/acme/agents"),
        ("git://git.acme.example/agents", "https://git.acme.example/agents"),
        ("git.acme.example:acme/agents", "https://git.acme.example/acme/agents"),
        ("/srv/git/agents.git", None),
        ("../agents", None),
        ("file:///srv/git/agents", None),
        ("C:\\agents", None),
        ("https://github.com/", None),
        ("", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_remote_has_an_address_or_none(url: str, address: str | None) -> None:
    assert web_address(url) == address


def test_the_remote_of_a_work_tree_is_asked(tmp_path: Path) -> None:
    assert repository(tmp_path) is None
    tree = tmp_path / "tree"
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    subprocess.run(["git", "-C", str(tree), "remote", "add", "origin", "git@github.com:acme/agents"], check=True)
    assert repository(tree) == "https://github.com/acme/agents"
