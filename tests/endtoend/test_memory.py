"""What an agent is told to remember is known after a restart, evaluated without a trace, and forgotten on demand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.commands.conftest import Said
from tests.remembering import remembering
from tests.repository import Repo, copied, surrounded, up

pytestmark = pytest.mark.slow


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Repo]:
    with up(remembering(copied(tmp_path))) as repo, surrounded():
        yield repo


@pytest.fixture
def moor(capsys: pytest.CaptureFixture[str], serving: Repo) -> Any:
    from mooring.main import main

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(["-C", str(serving.root), *arguments])
        return Said(code, *capsys.readouterr())

    return run


def ask(url: str, text: str, user: str) -> str:
    body = {"model": "support", "messages": [{"role": "user", "content": text}], "user": user}
    answer = httpx2.post(f"{url}/v1/chat/completions", json=body, timeout=30).json()
    return str(answer["choices"][0]["message"]["content"])


@pytest.mark.timeout(240)
def test_a_memory_outlives_a_restart_and_an_evaluation_and_ends_when_it_is_forgotten(moor: Any) -> None:
    url = moor("status", "local", "--json").json["environments"][0]["url"]
    assert moor("memory", "list", "local").out == "nothing is remembered\n"  # after the smoke suite, which remembers
    assert ask(url, "Remember: wears size M.", "ann") == "I will remember that."
    told = moor("talk", "support", "--user", "ann", "--message", "Remember: 喜欢蓝色。", "--json").json
    assert "I will remember that." in told["turns"][0].values()
    evaluated = moor("eval", "support/memory", "--json")
    assert (evaluated.code, evaluated.json["reason"]) == (0, "evaluated")
    assert moor("restart", "local").code == 0
    assert ask(url, "What do you know about 喜欢?", "ann") == "I know 1: 喜欢蓝色。"
    assert ask(url, "What do you know about ?", "bob") == "I know 0:"
    (kept, *_) = moor("memory", "list", "local", "--user", "ann", "--json").json["memories"]
    assert (kept["agent"], kept["release"][:7], kept["run"][:4]) == ("support", "sha256:", "run_")
    assert moor("memory", "forget", "local", "--user", "ann", "--yes").code == 0
    assert ask(url, "What do you know about ?", "ann") == "I know 0:"
