"""`moor eval` in a repository with two small suites."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.evaluate.journal import read
from mooring.main import main
from tests.repository import CONTENT
from tests.runtime.stub import Reply, Stub

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SUITE = """\
# yaml-language-server: $schema=../../../schemas/evalsuite.schema.json
apiVersion: mooring/v1
kind: EvalSuite
name: {agent}/small
version: 1.0.0
description: A few questions.
owner: "@tidewater/{agent}"
agent: {agent}
tests:
  - id: asked
    vars: {{message: "{message}"}}
    assert: [{{type: contains, value: {word}}}]
"""
ORDERS = SUITE.format(agent="support", message="What is your refund policy?", word="30 days")
METRICS = SUITE.format(agent="incident", message="What can you do?", word="metrics")


@dataclass(frozen=True)
class Repo:
    """A git repository."""

    root: Path

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MOORING_HOME", "MOORING_STATE"):
        monkeypatch.delenv(name, raising=False)
    found = Repo(tmp_path / "repo")
    for folder in ("configs", "prompts", "evals/simulator", "scripts/tools"):
        shutil.copytree(CONTENT / folder, found.root / folder)
    found.write("evals/suites/support/small.yaml", ORDERS)
    found.write("evals/suites/incident/small.yaml", METRICS)
    found.write(".gitignore", "/.mooring/\n")
    found.git("init", "-q", "-b", "main")
    for name in ("user.name", "user.email"):
        found.git("config", name, "test@example.com")
    found.git("add", "-A")
    found.git("commit", "-q", "-m", "base")
    return found


Moor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def moor(repo: Repo, capsys: pytest.CaptureFixture[str]) -> Moor:
    """Runs `moor eval --json`: its exit code and what it said."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["-C", str(repo.root), "eval", *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def asked(said: dict[str, Any], side: str = "head") -> set[str]:
    """Cases that a side was asked."""
    path = Path(said["output"]) / f"{side}.jsonl"
    return {f"{trial.suite}/{trial.case}" for trial in read(path).trials} if path.exists() else set()


EVERY = {"support/small/asked", "incident/small/asked"}


def test_every_suite_is_asked_and_passes(moor: Moor) -> None:
    code, said = moor()
    assert (code, said["reason"], said["evidence"], said["complete"]) == (0, "evaluated", "simulated", True)
    assert asked(said) == EVERY


def test_a_named_suite_is_asked_alone_and_a_failure_ends_with_1(moor: Moor, repo: Repo) -> None:
    repo.edit("evals/suites/support/small.yaml", "value: 30 days", "value: nonsense")
    code, said = moor("support/small")
    assert (code, said["reason"]) == (1, "regressed")
    assert asked(said) == {"support/small/asked"}


def test_only_what_a_change_touches_is_asked_of_both_sides(moor: Moor, repo: Repo) -> None:
    repo.edit("configs/tools/shop/find-order.yaml", "Finds one order", "Finds exactly one order")
    code, said = moor("--against", "HEAD")
    assert code == 0
    assert asked(said) == asked(said, "base") == {"support/small/asked"}


def test_a_shared_part_is_a_change_of_both_agents(moor: Moor, repo: Repo) -> None:
    repo.edit("prompts/shared/safety.yaml", "version: 1.0.0", "version: 1.0.1")
    _, said = moor("--against", "HEAD")
    assert asked(said) == EVERY


def test_a_change_of_words_for_people_alone_asks_nothing_and_says_so(moor: Moor, repo: Repo) -> None:
    repo.write("docs/guide.md", "Read me.")
    assert moor("--against", "HEAD") == (0, {"reason": "in-sync", "ok": True, "evaluated": 0})


def test_a_change_of_code_asks_everything(moor: Moor, repo: Repo) -> None:
    repo.write("scripts/new.py", "print()\n")
    _, said = moor("--against", "HEAD")
    assert asked(said) == asked(said, "base") == EVERY


def test_a_suite_that_the_base_does_not_have_is_new(moor: Moor, repo: Repo) -> None:
    repo.write("evals/suites/support/more.yaml", ORDERS.replace("support/small", "support/more"))
    code, said = moor("--against", "HEAD")
    assert (code, asked(said), asked(said, "base")) == (0, {"support/more/asked"}, set())


def test_a_regression_is_blocked(moor: Moor, repo: Repo) -> None:
    repo.edit("prompts/shared/refund-policy.yaml", "within 30 days of delivery", "at any time")
    code, said = moor("--against", "HEAD")
    assert (code, said["verdict"]["outcome"]) == (1, "fail")
    assert "support/small/asked" in {case for reason in said["verdict"]["reasons"] for case in reason["cases"]}


def easier(repo: Repo) -> None:
    """The policy is another, and its case expects that."""
    repo.edit("prompts/shared/refund-policy.yaml", "within 30 days", "within 14 days")
    repo.edit("evals/suites/support/small.yaml", "value: 30 days", "value: 14 days")


def test_a_change_that_rewrites_its_own_test_needs_a_second_approval(moor: Moor, repo: Repo) -> None:
    easier(repo)
    code, said = moor("--against", "HEAD")
    assert (code, said["reason"], said["verdict"]["outcome"], said["attested"]) == (1, "guarded", "pass", None)


def test_the_override_that_is_printed_is_the_second_approval(
    moor: Moor, repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    easier(repo)
    assert main(["-C", str(repo.root), "eval", "--against", "HEAD"]) == 1
    _, _, printed = capsys.readouterr().out.partition("an owner commits ")
    file, _, rest = printed.partition(":\n\n")
    repo.write(file, "".join(line[4:] for line in rest.splitlines(keepends=True) if line.startswith("    ")))
    main(["-C", str(repo.root), "validate"])
    assert file not in capsys.readouterr().err
    code, said = moor("--against", "HEAD")
    assert (code, said["reason"], said["approved"]) == (0, "evaluated", True)


def test_a_suite_that_only_goes_away_is_said(moor: Moor, repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    (repo.root / "evals/suites/support/small.yaml").unlink()
    assert main(["-C", str(repo.root), "eval", "--against", "HEAD"]) == 0
    assert "support/small asks less than before: the suite is gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["support/smal"], 2, "did you mean"),
        (["--environment", "nowhere"], 2, "no environment"),
        (["--against", "nothing"], 2, "no commit"),
        (["--repeat", "0"], 2, "--repeat"),
        (["--budget", "-1"], 2, "--budget"),
        (["--record", "--evidence", "simulated"], 2, "--record"),
        (["--evidence", "live"], 1, "OPENAI_API_KEYset them, or --evidence recorded"),
        (["--record"], 1, "OPENAI_API_KEYset them"),
    ],
)
def test_wrong_calls_are_one_line(moor: Moor, arguments: list[str], code: int, words: str) -> None:
    found, said = moor(*arguments)
    assert found == code
    assert words in said["message"] + said["fix"]


def test_no_suite_at_all_is_never_success(moor: Moor, repo: Repo) -> None:
    shutil.rmtree(repo.root / "evals/suites")
    code, said = moor()
    assert (code, said["reason"]) == (1, "empty-set")


def test_a_commit_whose_documents_make_nothing_is_named_with_its_findings(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    (repo.root / "configs/tools/shop/find-order.yaml").rename(repo.root / "kept.yaml")
    repo.git("commit", "-qam", "broken")
    (repo.root / "kept.yaml").rename(repo.root / "configs/tools/shop/find-order.yaml")
    capsys.readouterr()
    for verb in ("eval", "plan"):
        assert main(["-C", str(repo.root), verb, "--against", "HEAD", *(["local"] if verb == "plan" else [])]) == 1
        said = capsys.readouterr()
        assert "HEAD:configs/environments/local.yaml:" in said.out + said.err
        assert "names Tool shop/find-order, which does not exist" in said.out + said.err


def test_without_recordings_keyless_runs_are_red_and_say_what_to_do(moor: Moor) -> None:
    code, said = moor("support/small", "--evidence", "recorded")
    assert (code, said["reason"]) == (1, "inconclusive")
    (trial,) = read(Path(said["output"]) / "head.jsonl").trials
    error = trial.replies[0].error or ""
    assert "support/small/asked was never recorded; run: moor eval support/small --record" in error


JUDGE = """\
judge: {model: local/qwen2-5-3b-instruct}
defaultTest:
  assert: [{type: llm-rubric, value: It is kind.}]
tests:"""


def test_what_judges_cost_is_said_before_and_after(
    repo: Repo, stub: Stub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "k")
    for file in (repo.root / "configs/models").rglob("*.yaml"):
        text = re.sub(r"baseUrl: \S+", f"baseUrl: {stub.url}/v1", file.read_text())
        file.write_text(text.replace("inputPerMillion: 0", "inputPerMillion: 10"))
    repo.edit("evals/suites/support/small.yaml", "tests:", JUDGE)
    stub.script("gpt-4.1-2025-04-14", Reply("Within 30 days."))
    stub.script("qwen2.5:3b-instruct-q4_K_M", Reply('{"score": 9, "reason": "It is kind."}'))
    asked = ["-C", str(repo.root), "eval", "support/small", "--evidence", "live", "--repeat", "2", "--budget", "1"]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert re.search(
        r"^it will cost about \$0\.0\d+, \$0\.0\d+ of it for judges \(at most \$1\.00\)$", said, re.MULTILINE
    )
    assert "\nit cost $0.0027, $0.002 of it for judges\n" in said
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["spent_usd"], told["judges_usd"]) == (pytest.approx(0.00272), pytest.approx(0.002))
    assert main([*asked[:-1], "0.0001"]) == 1
    said = capsys.readouterr().out
    assert "\ninconclusive: 0 cases, live evidence\n" in said
    assert "\nit cost $0; the budget of $0.0001 did not reach, about $0.0" in said


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_but_our_own_words_is_shown_in_colors_on_a_terminal_alone(repo: Repo, terminal: bool) -> None:
    """As a person sees it: what pytest and CI switch off is on."""
    repo.edit("evals/suites/support/small.yaml", "value: 30 days", "value: nonsense")
    ours, theirs = os.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(theirs, (24, 80))
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "TERM"}}
    environ = {name: value for name, value in environ.items() if not name.startswith("PYTEST")}
    environ |= {"PYTHONPATH": str(ROOT / "scripts"), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "mooring", "-C", str(repo.root), "eval", "support/small", "--output", "out"]
    with subprocess.Popen(command, env=environ, cwd=repo.root, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)
    assert process.returncode == 1
    assert "pydantic" not in said.lower()
    assert ("\x1b" in said, "asking: 1 of 1" in said) == (terminal, not terminal)
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said).replace("\r", "\n")
    shown = [line for line in plain.splitlines() if line.startswith("asking")]
    assert shown
    assert max(map(len, shown)) <= 80
    assert "✗ support/small/asked: contains: 'nonsense' is not in the answer" in plain
    assert "\nfail: 1 case, simulated evidence\n" in plain.replace("\n\n", "\n")


def _read(descriptor: int) -> bytes:
    """Some of what comes, nothing at the end: that of a terminal is an error."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


@contextmanager
def started(repo: Repo, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`moor eval` as a process with a group of its own, as a shell starts it."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-m", "mooring", "-C", str(repo.root), "eval", *arguments]
    with (
        errors(repo).open("w") as err,
        subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=err, text=True, start_new_session=True
        ) as process,
    ):
        yield process


def errors(repo: Repo) -> Path:
    return repo.root.parent / "errors.txt"


def interrupted(repo: Repo, process: subprocess.Popen[str]) -> str:
    """What it says to Ctrl-C, which a terminal sends to the whole group."""
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    said = errors(repo).read_text()
    assert "Traceback" not in said
    return said


def alive(group: int) -> bool:
    """Whether there is a process in a group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.usefixtures("interruptible")
def test_what_was_answered_before_ctrl_c_is_kept_and_marked(repo: Repo, tmp_path: Path) -> None:
    tests = "".join(
        f'  - {{id: q{n}, vars: {{message: "Where is A-1002?"}}, assert: [{{type: contains, value: A}}]}}\n'
        for n in range(200)
    )
    repo.write("evals/suites/support/small.yaml", ORDERS.partition("  - id")[0] + tests)
    journal, until = tmp_path / "out/head.jsonl", time.monotonic() + 60
    with started(repo, "support/small", "--repeat", "50", "--output", str(journal.parent)) as process:
        while time.monotonic() < until and not (journal.exists() and len(journal.read_text().splitlines()) > 20):
            time.sleep(0.05)
        assert "partial" in interrupted(repo, process)
    results = read(journal)
    assert not results.complete
    assert len(results.trials) > 10
    while alive(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(process.pid)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_everything_still_starts_ends_it_all_without_a_word_more(repo: Repo) -> None:
    with started(repo, "support/small") as process:
        assert process.stdout
        assert process.stdout.readline() == "support/small: it was asked for\n"
        assert interrupted(repo, process) == "moor: error: interrupted\n"


def test_a_rung_by_itself_is_compared_with_the_ladder_and_is_no_evidence(moor: Moor, repo: Repo) -> None:
    repo.edit("evals/suites/support/small.yaml", "value: 30 days", "value: Within 30 days of delivery")
    code, said = moor("--rung", "L2")
    assert (code, said["reason"], said["rung"], said["attested"]) == (0, "evaluated", "L2", None)
    assert asked(said, "ladder") == asked(said, "L2") == EVERY
    by_agent = {loss["agent"]: loss for loss in said["losses"]}
    assert (by_agent["support"]["prompt"], by_agent["incident"]["prompt"]) == ("support/terse", "incident/terse")
    assert {reply.rung for trial in read(Path(said["output"]) / "L2.jsonl").trials for reply in trial.replies} == {"L2"}
    assert not list((repo.root / ".mooring").rglob("*.simulated.json"))
    assert "told `support/terse`" in (Path(said["output"]) / "rung.md").read_text()


@pytest.mark.parametrize("option", [["--against", "HEAD"], ["--record"], ["--if-needed"]])
def test_a_rung_is_compared_with_nothing_else(moor: Moor, option: list[str]) -> None:
    code, said = moor("--rung", "L2", *option)
    assert (code, said["ok"]) == (2, False)


def test_a_rung_that_nobody_recorded_has_no_evidence_to_replay(moor: Moor) -> None:
    code, said = moor("--rung", "L2", "--evidence", "recorded")
    assert (code, said["reason"]) == (1, "not-ready")


def test_a_rung_that_no_agent_has_is_no_success(moor: Moor, repo: Repo) -> None:
    repo.edit("configs/agents/support.yaml", "  L1: anthropic/claude-sonnet-4-5\n", "")
    assert moor("support/small", "--rung", "L1")[1]["reason"] == "empty-set"


def test_answers_from_no_rule_are_counted(moor: Moor, repo: Repo) -> None:
    shutil.rmtree(repo.root / "evals/simulator")
    code, said = moor("support/small")
    assert (code, said["unruled"]) == (1, 1)
    assert "1 answer came from no rule" in (Path(said["output"]) / "comment.md").read_text()
