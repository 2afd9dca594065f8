"""The pull request of a commit is what its subject or its trailers say, and nothing else."""

from typing import Any

import pytest

from mooring.operate.why import made_of, pull_request

HOME = "https://git.acme.example/acme/agents"


@pytest.mark.parametrize(
    ("subject", "body", "number", "url"),
    [
        ("Refunds within 14 days (#12)", "", 12, f"{HOME}/pull/12"),
        ("Merge pull request #7 from acme/refunds", "Refunds", 7, f"{HOME}/pull/7"),
        ("Merged in refunds (pull request #31)", "", 31, f"{HOME}/pull/31"),
        ("Refunds", "Why.\n\nReviewed-on: https://git.acme.example/acme/agents/pulls/9\n", 9, "https://git.acme.example/acme/agents/pulls/9"),
        ("Refunds", "PR-URL: https://git.acme.example/acme/agents/pull/4", 4, "https://git.acme.example/acme/agents/pull/4"),
        ("Merge branch 'a' into 'main'", "See merge request acme/agents!22", 22, f"{HOME}/-/merge_requests/22"),
        ("Refunds (!5)", "", 5, f"{HOME}/-/merge_requests/5"),
    ],
)  # fmt: skip
def test_it_is_what_the_commit_says(subject: str, body: str, number: int, url: str) -> None:
    assert pull_request(subject, body, HOME) == {"number": number, "url": url}


@pytest.mark.parametrize(
    ("subject", "body"),
    [("Fix #12 by hand", ""), ("Refunds (#twelve)", ""), ("Refunds", "This follows up on #12."), ("", "")],
)
def test_a_number_in_passing_is_no_pull_request(subject: str, body: str) -> None:
    assert pull_request(subject, body, HOME) is None


def test_without_a_host_there_is_a_number_and_no_address() -> None:
    assert pull_request("Refunds (#12)", "", None) == {"number": 12, "url": None}
    assert pull_request("Refunds", "Pull-Request: javascript:alert(1)", None) == {"number": None, "url": None}


@pytest.mark.parametrize(
    "content", [None, {}, {"agents": {}}, {"agents": {"support": {}}}, {"agents": {"support": None}}]
)
def test_a_release_that_is_gone_tells_nothing(content: Any) -> None:
    assert made_of(content, "support") == {"prompt": None, "resilience": None, "simulated": None}


@pytest.mark.parametrize(
    ("endpoints", "played", "simulated"),
    [
        ("simulated", None, True),
        ("real", None, False),
        ({"one": "real", "two": "simulated"}, True, True),
        ({"one": "real", "two": "simulated"}, False, False),
        ({"one": "real", "two": "simulated"}, None, None),
        ({"one": "simulated", "two": "simulated"}, None, True),
    ],
)
def test_where_only_some_providers_are_simulated_the_run_itself_tells(
    endpoints: Any, played: bool | None, simulated: bool | None
) -> None:
    content = {
        "agents": {"support": {"prompt": "support", "resilience": "calm"}},
        "prompts": {"support": {"version": "1.0.0"}},
        "environment": {"endpoints": endpoints},
    }
    assert made_of(content, "support", played)["simulated"] is simulated
