"""Finds which release broke the cases of a canary, and proposes its revert."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace
from mooring.errors import MooringError, Stopped
from mooring.report.console import Console

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


def noted(
    workspace: Workspace,
    running: "Target",
    release: "Release",
    suites: "Mapping[str, EvalSuite]",
    checked: "list[Checked]",
    console: Console,
) -> "list[Checked]":
    """The checks, with what was found out about cases of canaries that are in alarm, unless that is known already."""
    wanted = {
        each.last.check: tuple(each.last.check.partition("/")[2].rsplit("/", 1))
        for each in checked
        if each.last.kind == "canary" and each.standing.state == "alarm" and not each.note
    }
    if not wanted:
        return checked
    wanted = dict(list(wanted.items())[:CASES])
    cases = [(suite, case) for suite, case in wanted.values()]
    try:
        answers = bisected(workspace, running, release, suites, cases, console)
    except MooringError as error:  # what was seen is shown all the same
        console.note(f"nothing could be bisected: {error}")
        return checked
    found = dict(zip(wanted, answers, strict=True))
    return [
        replace(each, note=json.dumps(found[each.last.check])) if each.last.check in found else each for each in checked
    ]


MOST, CASES = 20, 3
"""Releases that a case is replayed on, and cases in one patrol: the others have their turn in the next one."""


def bisected(
    workspace: Workspace,
    running: "Target",
    release: "Release",
    suites: "Mapping[str, EvalSuite]",
    cases: list[tuple[str, str]],
    console: Console,
) -> list[dict[str, Any]]:
    """What is known of each (suite, case) afterwards, JSON-able; one revert for each release that broke something."""
    from mooring.commands.running import ledger
    from mooring.operate.patrol.bisect import bisect

    stage = _stage(workspace, running, release)
    with ledger(workspace, running.environment) as book:
        trail = [release.digest, *reversed(book.state(running.environment).trail)][: MOST + 1]
        found: list[Bisected] = []
        for suite, case in cases:
            with console.progress(f"replaying {suite}/{case}") as notify:

                def replay(digest: str) -> "Tried":
                    commit = book.commit_of(running.environment, digest)
                    tried = _tried(stage, running, digest, commit, suites[suite], case)  # noqa: B023 - called here
                    notify(_line(tried))
                    return tried

                found.append(bisect(f"{suite}/{case}", trail, replay))
        data = [one.data() for one in found]
        reverts = {one.broken.digest: one for one in found if one.broken and one.good}
        told = {digest: _revert(workspace, book, running.environment, one, console) for digest, one in reverts.items()}
    return [{**one, "revert": told.get(one["broken"]["release"]) if one["broken"] else None} for one in data]


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
        number, said = pulls.keep(GitHub.of(os.environ), branch, title, body(found))
    except MooringError as error:
        console.note(f"the branch is there, the pull request could not be made: {error}")
        return None
    console.line(said)
    return number


def body(found: "Bisected") -> str:
    """The text of the pull request, which shows the case side by side. Answers are data: they stay in their fences."""
    from mooring.report.tracking import fenced

    if found.good is None or found.broken is None:
        return ""
    lines = [f"`{found.case}` passes at `{found.good.digest}` and fails at `{found.broken.digest}`.", ""]
    for one, what in ((found.good, "answered"), (found.broken, "answers since")):
        lines += [f"Commit {one.commit or 'unknown'} {what}:", "", fenced(one.answer or "nothing"), ""]
    return "\n".join([*lines, fenced(found.broken.why), ""])
