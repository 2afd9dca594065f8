"""Environments on this machine: their addresses, variables and status."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.finding import Finding
from mooring.operate.doctor.environments import Here, diagnoses, documents, variables
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]
LIVE = f"sha256:{'a' * 64}"


def here(content: ReleaseContent, **more: Any) -> Here:
    return Here("production", content, **{"running": True, "live": LIVE, "expected": True, **more})


def states(one: Here, environ: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    made = list(diagnoses(one, environ or {}))
    assert all(each.why and each.fix for each in made if each.state == "finding")
    return {each.check.removeprefix("production "): (each.state, each.what) for each in made}


@pytest.fixture
def free(edit: Edit) -> ReleaseContent:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return edit({"environment.target.listen": f"127.0.0.1:{port}", "environment.endpoints": "simulated"})


def test_what_serves_is_ok(free: ReleaseContent) -> None:
    assert {state for state, _ in states(here(free), dict.fromkeys(variables(free), "x")).values()} == {"ok"}


def test_an_address_that_somebody_else_has_is_a_finding(free: ReleaseContent) -> None:
    listen = free.environment.target.address
    with socket.create_server(("127.0.0.1", int(listen.rpartition(":")[2]))):
        state, what = states(here(free, running=False, live=None))["address"]
    assert (state, what) == ("finding", f"production cannot listen on {listen}: Address already in use")
    assert states(here(free, running=False, live=None))["address"][0] == "ok"


@pytest.mark.parametrize(
    ("more", "state", "what"),
    [
        ({"running": False, "live": None}, "finding", "production does not run"),
        ({"live": None}, "finding", "production has no live release"),
        ({"running": False, "live": None, "expected": False}, "ok", "nothing of production was deployed here"),
        ({"problem": "it hangs"}, "unknown", "the status of production cannot be told: it hangs"),
        ({"warnings": ("on a network disk",)}, "finding", "production serves, with a warning: on a network disk"),
    ],
)
def test_the_status_in_short(more: dict[str, Any], state: str, what: str, free: ReleaseContent) -> None:
    assert states(here(free, **more))["status"] == (state, what)


def test_variables_are_looked_for_by_name_and_no_value_is_shown(edit: Edit) -> None:
    content = edit({"environment.endpoints": "real", "environment.database": {"secretRef": "env:DATABASE_URL"}})
    wanted = variables(content)
    assert "DATABASE_URL" in wanted
    assert wanted > variables(edit({"environment.endpoints": "simulated"}))
    environ = dict.fromkeys(wanted - {"DATABASE_URL"}, "hunter2")
    said = states(here(content), environ)["variables"]
    assert said == ("finding", "DATABASE_URL is not set here, which production refers to")
    assert states(here(content), dict.fromkeys(wanted, "hunter2"))["variables"][0] == "ok"
    assert "hunter2" not in str(list(diagnoses(here(content), environ)))


def test_an_environment_that_git_makes_no_release_of_is_unknown() -> None:
    broken = Here("production", Refused(Reason.FINDINGS, "2 findings"), running=False, live=None, expected=True)
    assert states(broken) == {"release": ("unknown", "git makes no release of it: 2 findings")}


def test_documents_with_findings_are_a_finding() -> None:
    assert documents([], 12).state == "ok"
    one = documents([Finding("configs/a.yaml", 3, "", "no", "value")], 12)
    assert (one.state, one.what) == ("finding", "1 finding in documents, such as configs/a.yaml")


def test_keys_are_looked_for_where_a_provider_is_real(edit: Edit) -> None:
    content = edit({"environment.endpoints": {"openai": "real", "anthropic": "simulated"}})
    assert variables(content) - variables(edit({"environment.endpoints": "simulated"})) == {"OPENAI_API_KEY"}
    said = states(here(content), dict.fromkeys(variables(content) - {"OPENAI_API_KEY"}, "x"))["variables"]
    assert said == ("finding", "OPENAI_API_KEY is not set here, which production refers to")
