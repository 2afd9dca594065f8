"""A comment on an issue is heard by the environment that it names, from whoever may say it."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.chat.standins.github import REPOSITORY, GitHub
from tests.github.test_chat_job import CHAT
from tests.operate.repository.standin import TOKEN
from tests.workflows.act import Run
from tests.workflows.hub import ENVIRONMENTS, Hub, live

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
HEAD = "# yaml-language-server: $schema=../../schemas/chat.schema.json\n"


class Host(GitHub):
    """The comments and permissions of the repository, for the token of its workflows."""

    repository = REPOSITORY

    def allowed(self, request) -> bool:
        return request.headers.get("authorization") == f"Bearer {TOKEN}"


@pytest.fixture
def chatting(here: Hub) -> Iterator[tuple[Hub, Host]]:
    """Staging serves, and may be steered by comments of maintainers."""
    (here.clone.root / "configs/operations/chat.yaml").write_text(HEAD + json.dumps(CHAT))
    for environment in ENVIRONMENTS:
        here.clone.edit(f"configs/environments/{environment}.yaml", "\nagents:", "\nchat: chat\nagents:")
    here.committed("Chat")
    here.push("main")
    deployed = here.on_main("deploy", "push", "-j", "staging")
    assert deployed.passed, deployed.printed
    with Host().serving() as host:
        yield here, host
    here.down()


def said(hub: Hub, host: Host, text: str, login: str = "anna") -> Run:
    """What the workflow does of a comment."""
    payload = json.loads(host.comment(text, time.time(), login).body)
    at_host = replace(hub, api=host)  # type: ignore[arg-type]  # another stand-in of the same API
    return at_host.on_main("chat", "issue_comment", **payload)


def test_a_command_is_answered_and_a_strangers_is_refused_and_no_text_reaches_a_shell(
    chatting: tuple[Hub, Host],
) -> None:
    hub, host = chatting
    assert said(hub, host, "/agent status in staging").passed
    (answer,) = host.written
    assert "2 of 2 agents healthy" in answer

    before = live(hub, "staging")
    assert said(hub, host, "/deploy rollback in staging", "mallory").passed
    assert "mallory" in host.written[-1]
    assert live(hub, "staging") == before

    owned = hub.folder / "owned"
    run = said(hub, host, f'/agent status in staging"; touch {owned}; echo "$(touch {owned})`touch {owned}`')
    assert "nothing to do" in run.of("chat/staging/")  # it is no command, and production, which hears those, is not up
    assert "owned" not in run.printed
    assert not owned.exists()
