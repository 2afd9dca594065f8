"""Finds which release broke the cases of a canary, and proposes its revert."""

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace
from mooring.errors import MooringError, Stopped
from mooring.report.console import Console
from mooring.report.patrol import tell

if TYPE_CHECKING:
    from mooring.operate.patrol.bisect import Bisected, Stage, Tried
    from mooring.operate.patrol.patrol import Checked
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger
    from mooring.spec import EvalSuite
    from mooring.targets.protocol import Target


def suites(workspace: Workspace, name: str, release: "Release") -> "dict[str, EvalSuite]":
    """Those of the commit that the release was deployed from, or else of the documents here."""
    from mooring.catalog.load import load
    from mooring.commands.answering.behaviour import source
    from mooring.commands.running import ledger
    from mooring.spec import EvalSuite

    with ledger(workspace, name) as book:
        commit = book.commit_of(name, release.digest)
    return load(source(workspace.root, commit))[0].all(EvalSuite)


MOST, CASES, BUDGET_SECONDS = 20, 3, 240.0
"""Releases that a case is replayed on, and cases in one patrol: the others have their turn in the next one. After the
seconds no other release is begun: the job of the patrol has minutes for all it does."""

Keep = Callable[["Checked"], None]
"""Keeps what was found out about a check."""


def wanted(checked: "list[Checked]") -> "list[Checked]":
    """Cases of canaries that are in alarm, and of which it is not known what broke them."""
    return [
        each
        for each in checked
        if each.last.kind == "canary" and "/" in each.last.check and each.standing.state == "alarm" and not each.note
    ]


def noted(
    workspace: Workspace,
    running: "Target",
    release: "Release",
    suites: "Mapping[str, EvalSuite]",
    checked: "list[Checked]",
    console: Console,
    keep: Keep,
) -> "list[Checked]":
    """The checks, with what was found out about cases of canaries that are in alarm. Each is told and kept at once.

    Only what cannot turn out otherwise is kept: the rest is tried again in the next patrol.
    """
    cases = wanted(checked)
    # Any of them: cases that tell nothing would keep the others from ever having their turn.
    chosen = random.sample(cases, min(CASES, len(cases)))
    answers: dict[str, Checked] = {}
    try:
        for each, found in bisected(workspace, running, release, suites, chosen, console):
            answers[each.last.check] = answer = replace(each, note=json.dumps(found))
            tell(found, running.environment, console)
            if found["final"]:
                keep(answer)
    except MooringError as error:  # what was seen is shown all the same
        console.note(f"nothing more could be bisected: {error}")
    return [answers.get(each.last.check, each) for each in checked]


def bisected(
    workspace: Workspace,
    running: "Target",
    release: "Release",
    suites: "Mapping[str, EvalSuite]",
    cases: "list[Checked]",
    console: Console,
) -> "Iterator[tuple[Checked, dict[str, Any]]]":
    """What is known of each case afterwards, JSON-able; one revert for each release that broke something."""
    from mooring.commands.running import ledger
    from mooring.operate.patrol.bisect import bisect

    if not cases:
        return
    until = time.monotonic() + BUDGET_SECONDS
    stage = _stage(workspace, running, release)
    told: dict[str, dict[str, Any] | None] = {}
    with ledger(workspace, running.environment) as book:
        trail = [release.digest, *reversed(book.state(running.environment).trail)][: MOST + 1]
        for each in cases:
            name = each.last.check.partition("/")[2]
            suite, case = name.rsplit("/", 1)
            with console.progress(f"replaying {name}") as notify:

                def replay(digest: str) -> "Tried":
                    commit = book.commit_of(running.environment, digest)
                    tried = _tried(stage, running, digest, commit, suites[suite], case)  # noqa: B023 - called here
                    notify(_line(tried))
                    return tried

                found = bisect(name, trail, replay, lambda: time.monotonic() >= until)
            if found.broken and found.broken.digest not in told:
                told[found.broken.digest] = _revert(workspace, book, running.environment, found, console)
            revert = told[found.broken.digest] if found.broken else None
            yield each, {**found.data(), "revert": revert}


def _stage(workspace: Workspace, running: "Target", release: "Release") -> "Stage":
    from mooring.evaluate import evidence, history
    from mooring.operate.patrol.bisect import Stage

    asked = evidence.choose(release, None, False, os.environ)
    if asked == "recorded":  # what was recorded cannot tell what models say now
        asked = evidence.choose(release, "live", False, os.environ)
    simulator = running.status().simulator
    rules = workspace.root / "evals/simulator"
    return Stage(asked, rules, workspace.root / history.RECORDINGS, simulator, dict(os.environ))


def _tried(
    stage: "Stage", running: "Target", digest: str, commit: str | None, suite: "EvalSuite", case: str
) -> "Tried":
    from mooring.operate.patrol.bisect import Tried

    try:
        return stage.ask(running.releases.get(digest), commit, suite, case)
    except Stopped as stopped:
        return Tried(digest, commit, None, why=str(stopped))


def _line(tried: "Tried") -> str:
    from mooring.report.receipt import short

    words = {True: "passes", False: "fails", None: "cannot be asked"}
    commit = f", commit {tried.commit[:12]}" if tried.commit else ""
    return f"{short(tried.digest)}{commit} {words[tried.passed]}{f': {tried.why}' if tried.passed is None else ''}"


def _revert(
    workspace: Workspace, book: "Ledger", name: str, found: "Bisected", console: Console
) -> dict[str, Any] | None:
    """A branch that takes documents back to the good release, and a pull request where the host is known."""
    from mooring.rollout.writeback import write_back

    if found.broken is None or found.good is None:
        return None
    why = f"{found.case} passes at {found.good.digest} and fails at {found.broken.digest}: {found.broken.why}"
    sent = "Nothing was rolled back: this is a proposal."
    made = write_back(workspace.root, book, name, found.good.digest, found.broken.digest, why, sent)
    if made.branch is None or made.commit is None:
        console.line(f"no revert in git: {made.reason}")
        return made.data()
    console.line(f"git: branch {made.branch} holds the revert; moor rollback {name} --to {found.good.digest}")
    return {**made.data(), "pull_request": _proposed(workspace, made.branch, made.commit, name, found, console)}


def _proposed(
    workspace: Workspace, branch: str, commit: str, name: str, found: "Bisected", console: Console
) -> int | None:
    """The number of the pull request; None where nothing names the host, or it cannot be reached, which is said."""
    from mooring.operate.repository import pulls
    from mooring.operate.repository.branch import publish
    from mooring.operate.repository.github import GitHub

    if not os.environ.get("GITHUB_REPOSITORY"):
        return None
    try:
        if not publish(workspace.root, branch, commit):
            console.note("no pull request: there is no remote to push the branch to")
            return None
        title = f"Revert {name} to where {found.case} passes"
        number, said = pulls.keep(GitHub.of(os.environ), branch, title, body(found, _undone(workspace, found, commit)))
    except MooringError as error:
        console.note(f"the branch is there, the pull request could not be made: {error}")
        return None
    console.line(said)
    return number


def _undone(workspace: Workspace, found: "Bisected", revert: str) -> list[str] | None:
    """The commits that the revert undoes, the newest first; None where git does not know them."""
    from mooring.rollout.writeback import undone

    try:
        return undone(workspace.root, found.good.commit, revert) if found.good and found.good.commit else None
    except MooringError:
        return None


def body(found: "Bisected", undone: Sequence[str] | None) -> str:
    """The text of the pull request, which shows the case side by side. Answers are data: they stay in their fences."""
    from mooring.report.patrol import releases
    from mooring.report.tracking import fenced

    if found.good is None or found.broken is None:
        return ""
    lines = [f"`{found.case}` passes at `{found.good.digest}` and fails at `{found.broken.digest}`.", ""]
    for one, what in ((found.good, "answered"), (found.broken, "answers since")):
        lines += [f"Commit {one.commit or 'unknown'} {what}:", "", fenced(one.answer or "nothing"), ""]
    lines += [fenced(found.broken.why), ""]
    if found.between:
        lines += [f"{releases(len(found.between))} in between could not be asked, and may have broken it:", ""]
        lines += [*(f"- `{one.digest}`, commit {one.commit or 'unknown'}" for one in found.between), ""]
    lines += [f"This takes all documents back to commit {found.good.commit}, later changes as well.", ""]
    if undone is None:
        return "\n".join([*lines, "Git does not say here which commits that undoes.", ""])
    return "\n".join([*lines, "It undoes what these commits changed in documents:", "", fenced("\n".join(undone)), ""])
