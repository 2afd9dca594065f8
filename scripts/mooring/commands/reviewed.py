"""The plan as a contract: each merge since what is live changes what its reviewers saw, and nothing else.

Merges are looked at one by one, each against the commit before it. So two that go out together are two contracts, and
none of them is broken by the other unless it means something else on top of it.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace
from mooring.errors import Failed, UsageError
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.operate.repository.github import GitHub
    from mooring.operate.repository.reviewed import Pull
    from mooring.report.console import Console
    from mooring.rollout.ledger import Ledger

MADE_OF = ("configs", "prompts", "evals", "scripts/tools")
"""What a release is made of."""

MOST = 200
"""Merges that are looked at."""


@dataclass(frozen=True)
class Step:
    """What one pull request, or one commit without any, changes in an environment: from `before` to `after`.

    `plan` is None where it changes nothing there; `problem` says why it is not what was reviewed, "" where it is;
    `difference` is what was reviewed against what is merged.
    """

    before: str
    after: str
    pull: "Pull | None"
    plan: "Plan | None" = None
    problem: str = ""
    difference: str = ""

    @property
    def name(self) -> str:
        return f"#{self.pull.number}" if self.pull else f"commit {self.after[:12]}"

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "pull_request": self.pull.number if self.pull else None,
            "commit": self.after,
            "against": self.before,
            "meaning": self.plan.meaning if self.plan else None,
            "changes": len(self.plan.changes) if self.plan else 0,
            "problem": self.problem or None,
        }


def demand(workspace: Workspace, catalog: "Catalog", plan: "Plan", console: "Console") -> list[Step]:
    """Raises Refused(GUARDED) where a merge means something else than was reviewed, unless an override names that.

    Raises Refused(QUARANTINED) for what was taken back. Prints the difference and the override first. A release that
    was live before, and a first one, need no contract.
    """
    from mooring.commands import quarantine
    from mooring.commands.running import ledger

    with ledger(workspace, plan.environment) as book:
        state = book.state(plan.environment)
        quarantine.demand(catalog, plan, book, console)
        if plan.in_sync or plan.live is None or plan.desired in state.trail:
            return []
        base = _base(book, plan)
    steps = list(_steps(workspace, plan, base))
    wrong = [step for step in steps if step.problem]
    for step in wrong:
        if step.difference:
            console.diff(f"{step.name}: what was reviewed, and what is merged\n{step.difference}\n")
    if wrong:
        _lifted(catalog, plan, [step.name for step in wrong], "; ".join(step.problem for step in wrong), console)
    return steps


def _base(book: "Ledger", plan: "Plan") -> str | None:
    """The commit that what is live came from, None where none is recorded; of a hotfix, that of its release."""
    hotfix = book.state(plan.environment).hotfix
    return book.commit_of(plan.environment, hotfix.base if hotfix else str(plan.live))


def _steps(workspace: Workspace, plan: "Plan", base: str | None) -> Iterator[Step]:
    from mooring.commands.git import commit

    head = commit(workspace.root)
    if base is None or head is None:
        what = "what is live was deployed from no commit" if base is None else "there is no git repository here"
        yield Step("", head or "", None, None, f"{what}, so nobody knows which merges lie between")
        return
    commits = _between(workspace, base, head)
    if commits is None:
        why = f"what is live came from {base[:12]}, which is not in the history of {head[:12]}: was it rewritten?"
        yield Step(base, head, None, None, why)
        return
    if len(commits) > MOST:
        yield Step(base, head, None, None, f"{len(commits)} commits lie between what is live and this one")
        return
    github = _github() if commits else None
    for step in _grouped(github, commits) if github else ():
        yield _compared(workspace, plan.environment, step, github) if github else step


def _between(workspace: Workspace, base: str, head: str) -> list[tuple[str, str]] | None:
    """(first parent, commit) of those that change what releases are made of, the oldest first.

    None where `base` is none of the first parents of `head`. Raises Failed(PROCESS) for a clone without the history.
    """
    from mooring.catalog.source import git

    try:
        line = git(workspace.root, "rev-list", "--first-parent", head).decode().split()
        if base not in line:
            return None
        told = git(workspace.root, "log", "--first-parent", "--format=%H %P", f"{base}..{head}", "--", *MADE_OF)
    except UsageError as error:
        raise Failed(Reason.PROCESS, f"git does not tell what was merged: {error}", "fetch-depth: 0") from None
    words = [entry.split() for entry in told.decode().splitlines()]
    return [(word[1] if len(word) > 1 else "", word[0]) for word in reversed(words)]


def _github() -> "GitHub":
    from mooring.operate.repository.github import GitHub

    return GitHub.of(os.environ)


def _grouped(github: "GitHub", commits: Sequence[tuple[str, str]]) -> Iterator[Step]:
    """One step for each pull request: where it was rebased, its commits together."""
    from mooring.operate.repository.reviewed import merged_by

    step: Step | None = None
    for before, after in commits:
        pull = merged_by(github, after)
        if step and pull and step.pull and step.pull.number == pull.number:
            step = replace(step, after=after)
            continue
        if step:
            yield step
        step = Step(before, after, pull)
    if step:
        yield step


def _compared(workspace: Workspace, environment: str, step: Step, github: "GitHub") -> Step:
    """With what its reviewers saw."""
    from mooring.change.contract import broken, difference
    from mooring.commands.target_state import at
    from mooring.operate.repository.reviewed import seen
    from mooring.report.plan_text import change_lines

    plan = _plan(at(workspace, environment, step.before), at(workspace, environment, step.after))
    if plan is None or plan.in_sync:
        return step
    step = replace(step, plan=plan)
    if step.pull is None:
        return replace(step, problem=f"no pull request brought {step.after[:12]}, so nobody reviewed its plan")
    reviewed = seen(github, step.pull.number)
    text = reviewed.plans.get(environment) if reviewed else None
    if reviewed is None or text is None:
        return replace(step, problem=f"{step.name} has no comment with a plan for {environment}")
    if not step.pull.head.startswith(reviewed.commit) or not reviewed.commit:
        why = f"the plan in {step.name} is of {reviewed.commit or 'no commit'}, and {step.pull.head[:12]} was merged"
        return replace(step, problem=why)
    lines = [line for line, _count in change_lines(plan.changes)]
    if broken(text, plan.meaning, lines):
        why = f"{step.name} means something else in {environment} than in its comment: another merge came first, or "
        return replace(step, problem=f"{why}the plan was altered", difference=difference(text, lines))
    return step


def _plan(before: Any, after: Any) -> "Plan | None":
    from datetime import UTC, datetime

    from mooring.change.plan import make_plan

    return make_plan(after, before, (), datetime.now(UTC)) if after else None


def _lifted(catalog: "Catalog", plan: "Plan", names: Sequence[str], reason: str, console: "Console") -> None:
    from mooring.commands.lift import lift
    from mooring.spec.guards import REVIEWED_PLAN

    what = f"one plan for {plan.environment} that differs from what was reviewed"
    told = "If the plan above is right, an owner has it reviewed by committing {file}:"
    fix = "revert the merge, bring the branch up to date and have its new plan reviewed; or commit the override above"
    used = lift(catalog, plan, REVIEWED_PLAN, names, reason, what, told, fix, console)
    console.note(f"override {', '.join(used)} lets this go out although {reason}")
