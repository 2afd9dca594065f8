"""The upgrade itself: fetch, compare, build in a work tree, let the new version test it, and make the branch last."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.upgrade import branch, record, steps, template, workplace
from mooring.upgrade.compare import Change, What, apply, compare
from mooring.upgrade.files import tree
from mooring.upgrade.git import Git, GitError, repository
from mooring.upgrade.origin import check_direction, origin
from mooring.upgrade.record import Record
from mooring.upgrade.steps import Step
from mooring.upgrade.template import Asked, Template, Version

Tests = Literal["none", "quick", "all"]
Notify = Callable[[str], None]
_WRITTEN = ("configs", "prompts", "evals", "schemas", ".github/CODEOWNERS")
"""What the new version's command may have written in the work tree before it is committed."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the call asked for; `base` is the version the copy came from, "" to find it out."""

    asked: Asked
    base: str = ""
    older: bool = False
    dry_run: bool = False
    tests: Tests = "quick"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did or would do. `branch` is "" where none was made; `now` and `to` are one commit when there
    was nothing to do."""

    address: str
    now: Version
    to: Version
    changes: list[Change] = field(default_factory=list)
    uncommitted: list[str] = field(default_factory=list)
    migrated: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    branch: str = ""

    @property
    def conflicts(self) -> list[Change]:
        return [change for change in self.changes if change.what == What.CONFLICT]

    @property
    def passed(self) -> bool:
        return all(step.passed for step in self.steps)


def upgrade(root: Path, wishes: Wishes, notify: Notify) -> Upgraded:
    """Brings the wanted version into a branch of the repository at `root`. The checkout stays as it is.

    Raises UsageError, Refused and Failed; then there is no branch.
    """
    git = repository(root)
    known = record.read(git)
    address = wishes.asked.address or known.address
    if not address:
        raise UsageError("the address of the template is not recorded here yet", "moor upgrade URL")
    try:
        with workplace.sole(git) as folder:
            done = None
            try:
                notify(f"fetching {address}")
                done = _upgrade(git, folder, Template(git, address), known, wishes, notify)
                return done
            finally:
                workplace.forget_fetched(git, keep=bool(done and done.changes))
    except GitError as error:
        raise Failed(Reason.PROCESS, f"git: {error}") from None


def _upgrade(git: Git, folder: Path, source: Template, known: Record, wishes: Wishes, notify: Notify) -> Upgraded:
    source.fetch()
    to = source.resolve(wishes.asked.ref)
    now = origin(source, known, wishes.base)
    found = Upgraded(source.address, now, to)
    if now.commit == to.commit:
        return found
    check_direction(git, now, to, older=wishes.older)
    name, head = branch.name(to), git.text("rev-parse", "HEAD")
    earlier = branch.check_free(git, name)
    yours = tree(git, head)
    changes = compare(git, tree(git, now.commit), tree(git, to.commit), yours)
    found = replace(found, changes=changes, uncommitted=branch.uncommitted(git))
    for ref, commit in ((template.BASE, now.commit), (template.TO, to.commit)):
        git.run("update-ref", ref, commit)
    if wishes.dry_run:
        return found
    address = source.address if record.is_url(source.address) else known.address
    new = Record(address=address, version=to.number, commit=to.commit)
    files = branch.write_tree(git, apply(yours, changes), new)
    found, tip = _build(git, folder, found, files, head, wishes.tests, notify)
    return replace(found, branch=branch.publish(git, name, tip, earlier, passed=found.passed))


def _build(
    git: Git, folder: Path, found: Upgraded, files: str, head: str, tests: Tests, notify: Notify
) -> tuple[Upgraded, str]:
    """Lets the new version finish the tree `files`, and test it. What it said, and the commit, on no branch yet."""
    where = found.address if record.is_url(found.address) else ""
    start = branch.commit(git, files, head, branch.message(found.now, found.to, where, []))
    with workplace.work_tree(git, folder, start) as place:
        done: list[Step] = []
        ready = _take(done, _prepare(place.root), notify)
        migrated = [each for step in done for each in step.data.get("migrated", ()) if isinstance(each, dict)]
        found = replace(found, migrated=migrated)
        there = [path for path in _WRITTEN if (place.root / path).exists()]
        place.run("add", "-A", "--", *there)
        message = branch.message(found.now, found.to, where, _notes(found))
        tip = branch.commit(git, place.text("write-tree"), head, message)
        if ready:
            _take(done, _test(place.root, tests), notify)
        return replace(found, steps=done), tip


Work = tuple[str, Callable[[], Step]]


def _prepare(root: Path) -> Iterator[Work]:
    yield "starting the new version", lambda: steps.door(root)
    yield "migrating documents", lambda: steps.moor(root, *steps.MIGRATE)
    yield "generating schemas", lambda: steps.moor(root, *steps.SCHEMAS)


def _test(root: Path, tests: Tests) -> Iterator[Work]:
    yield "checking documents", lambda: steps.moor(root, *steps.VALIDATE)
    evaluation = steps.evaluation(root)
    if tests != "none" and evaluation:
        yield "asking the suites, offline", lambda: steps.moor(root, *evaluation)
    if tests == "all":
        yield "running every test of the code", lambda: steps.whole_suite(root)


def _take(done: list[Step], works: Iterator[Work], notify: Notify) -> bool:
    """Does one work after the other until one fails; whether none did."""
    for title, work in works:
        notify(title)
        done.append(work())
        if not done[-1].passed:
            return False
    return True


def _notes(found: Upgraded) -> list[str]:
    """What a reviewer of the commit wants to know beyond its diff."""
    told = [change for change in found.changes if change.what in (What.CONFLICT, What.MERGED, What.KEPT)]
    notes = [f"{change.what}: {change.path} ({change.why})" for change in told]
    return notes + [f"migrated: {each.get('file')}" for each in found.migrated]
