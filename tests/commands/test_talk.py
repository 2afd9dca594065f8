"""`moor talk` with a running environment: piped, on a terminal, and on to a suite that passes."""

import io
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.spec import EvalSuite
from tests.commands.conftest import Moor
from tests.repository import Repo

pytestmark = pytest.mark.slow

SUITE = "support/talked"


@pytest.fixture
def talk(running: Repo, moor: Moor) -> Moor:
    return lambda *arguments: moor("-C", running.root, "talk", *arguments)


def test_texts_are_the_output_and_the_rest_are_notes(talk: Moor) -> None:
    said = talk("support", "--new", "--message", "Where is A-1002?", "Thanks")
    first, second = said.out.splitlines()
    assert first.startswith("Order A-1002 has been shipped")
    assert "welcome" in second
    notes = said.err.splitlines()
    assert notes[0].startswith('moor: note: find_order(orderId="A-1002") done, ')
    assert notes[1].startswith("moor: note: simulated · $")
    assert (said.code, len(notes)) == (0, 3)


def test_json_is_one_object_with_every_turn(talk: Moor) -> None:
    said = talk("support", "--new", "--message", "Where is A-1002?", "--json")
    assert (said.code, said.err, said.json["reason"], said.json["saved"]) == (0, "", "reported", None)
    (turn,) = said.json["turns"]
    assert (turn["message"], turn["rung"], turn["simulated"]) == ("Where is A-1002?", "L0", True)
    assert [(call["name"], call["outcome"]) for call in turn["calls"]] == [("find_order", "done")]


def test_questions_come_from_standard_input_too(talk: Moor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\n\nWhere is A-1002?\n"))
    said = talk("support", "--new", "--json").json
    assert [turn["message"] for turn in said["turns"]] == ["Hello", "Where is A-1002?"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    nothing = talk("support")
    assert (nothing.code, nothing.error) == (1, "nothing was asked")


def test_it_goes_on_with_the_last_conversation_unless_a_new_one_is_asked_for(talk: Moor) -> None:
    first = talk("support", "--new", "--message", "Can I return order A-1001?", "--json").json
    again = talk("support", "--message", "Yes, please", "--json").json
    assert again["conversation"] == first["conversation"]
    (waiting,) = again["turns"][0]["approvals"]
    assert (waiting["tool"], waiting["arguments"]["orderId"]) == ("refund_order", "A-1001")
    assert talk("support", "--new", "--message", "Hello", "--json").json["conversation"] != first["conversation"]
    named = talk("support", "--conversation", "ours", "--message", "Hello", "--json").json
    assert named["conversation"] == "ours"
    assert talk("support", "--message", "Hello", "--json").json["conversation"] == "ours"


@pytest.mark.parametrize(
    ("arguments", "code", "words", "fix"),
    [
        (["suport"], 2, "no agent 'suport'; did you mean 'support'?", ""),
        (["support", "--environment", "staging"], 1, "staging is not running here", "moor up staging"),
        (["support", "--environment", "nowhere"], 2, "no environment 'nowhere'", ""),
        (
            ["support", "--key-env", "NO_SUCH_KEY"],
            2,
            "environment variable NO_SUCH_KEY is not set",
            "export NO_SUCH_KEY",
        ),
        (["support", "--save-case", "incident/smoke"], 2, "is of agent incident", "talk to incident"),
        (["support", "--conversation", "a b"], 2, "'a b' is no name", "--new"),
        (["support", "--new", "--conversation", "x"], 2, "not allowed with", ""),
    ],
)
def test_what_cannot_be_done_is_one_line_with_its_fix(
    talk: Moor, arguments: list[str], code: int, words: str, fix: str
) -> None:
    said = talk(*arguments, "--message", "Hello")
    assert said.code == code
    assert words in said.error
    assert fix in said.err


def test_a_key_is_sent_and_never_shown(talk: Moor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", "sk-very-secret")
    said = talk("support", "--new", "--key-env", "OUR_KEY", "--message", "Hello", "--json")
    assert said.code == 0
    assert "very-secret" not in said.out + said.err


def test_a_talk_becomes_a_suite_that_passes_at_once(talk: Moor, moor: Moor, running: Repo) -> None:
    asked = ("Can I return order A-1001?", "How do I wash a down jacket?")
    said = talk("support", "--new", "--message", *asked, "--save-case", SUITE, "--json").json
    assert (said["reason"], said["saved"]["suite"], said["saved"]["version"]) == ("changed", SUITE, "1.0.0")
    again = talk("support", "--new", "--message", "Where is A-1002?", "--save-case", SUITE)
    assert f"saved as {SUITE}/where-is-a-1002 in evals/suites/{SUITE}.yaml (1.0.0)" in again.out
    document = load_valid(WorkTree(running.root)).get(EvalSuite, SUITE)
    assert document
    assert [test.id for test in document.tests] == ["can-i-return-order-a-1001", "where-is-a-1002"]
    # The rules would answer as they did: what is asserted must hold of what the cases say.
    for rules in sorted((running.root / "evals/simulator").glob("[1-6]-*.yaml")):
        rules.rename(rules.with_suffix(".away"))
    try:
        passed = moor("-C", running.root, "eval", SUITE)
    finally:
        for rules in (running.root / "evals/simulator").glob("*.away"):
            rules.rename(rules.with_suffix(".yaml"))
    assert passed.code == 0, passed.out
    assert "pass: 2 cases, simulated evidence" in passed.out
    assert "2 cases say themselves what is answered" in passed.out


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execv(sys.executable, [sys.executable, "-m", "mooring", *arguments])
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def give_up(self) -> None:
        """Ctrl-C until there is a new line: one that comes just as readline begins to wait is seen with the next."""
        for _ in range(10):
            self.type("\x03")
            with suppress(AssertionError):
                self.wait_for("> ", seconds=3)
                return
        raise AssertionError(self.shown)

    def wait_for(self, text: str, seconds: float = 30) -> str:
        """What was shown up to a text, which is taken."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} is not in {self.shown!r}"
            self.shown += os.read(self._terminal, 4096).decode()
        before, _, self.shown = self.shown.partition(text)
        return before

    def end(self) -> int:
        """Its exit code, once all is read that it has to say."""
        with suppress(OSError):  # how a terminal says that nobody is there any more
            while os.read(self._terminal, 4096):
                pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def terminal(running: Repo) -> Iterator[Any]:
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal("-C", str(running.root), "--no-color", "talk", *arguments))
        return opened[-1]

    yield start
    for one in opened:
        try:
            os.kill(one.pid, signal.SIGKILL)
            os.waitpid(one.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            continue


def test_on_a_terminal_one_talks_decides_saves_and_ends(terminal: Any, running: Repo) -> None:
    shell = terminal("support", "--new")
    shell.wait_for("support in local; the conversation is new")
    shell.wait_for("> ")
    shell.type("Please refund A-1009, the shoes are too small\n")
    shell.wait_for('find_order(orderId="A-1009") … done, ')
    shell.wait_for("simulated · $")
    shell.wait_for("waits for a person: /approve or /deny")
    shell.type("/approve\n")
    assert "find_order" not in shell.wait_for('refund_order(orderId="A-1009", reason="wrong-size") done, ')
    shell.wait_for("R-1009")
    shell.type("/save\n")
    shell.wait_for("save it where?")
    shell.type("/save support/decided refunded\n")
    shell.wait_for("saved as support/decided/refunded in evals/suites/support/decided.yaml (1.0.0)")
    shell.type("/nonsense\n")
    shell.wait_for("no command /nonsense")
    shell.wait_for("> ")
    shell.type("half a line")
    shell.wait_for("half a line")
    shell.give_up()
    shell.type("/quit\n")
    assert shell.end() == 0
    document = load_valid(WorkTree(running.root)).get(EvalSuite, "support/decided")
    assert document
    assert document.tests[0].vars["approve"] is True


def test_ctrl_c_ends_the_present_answer_and_not_the_talk(terminal: Any, running: Repo, moor: Moor) -> None:
    assert moor("-C", running.root, "simulate", "fault", "hang").code == 0
    try:
        shell = terminal("support", "--new")
        shell.wait_for("> ")
        shell.type("Where is A-1002?\n")
        shell.wait_for("\n")
        time.sleep(1)
        shell.type("\x03")
        shell.wait_for("cancelled", seconds=5)
    finally:
        moor("-C", running.root, "simulate", "clear")
    shell.wait_for("> ")
    shell.type("Where is A-1002?\n")
    shell.wait_for("Order A-1002 has been shipped")
    shell.wait_for("> ")
    shell.type("\x04")
    assert shell.end() == 0


def test_the_transcript_is_below_the_state_of_its_environment(running: Repo, talk: Moor) -> None:
    said = talk("support", "--new", "--message", "Hello", "--json").json
    path: Path = running.root / ".mooring/local/talk/conversations" / f"{said['conversation']}.json"
    assert path.exists()
