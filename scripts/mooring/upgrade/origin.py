"""Which version of the template a copy came from: what its product files are compared with."""

from mooring.errors import Refused, UsageError
from mooring.outcome import Reason
from mooring.upgrade.git import Git
from mooring.upgrade.record import Record
from mooring.upgrade.template import REFS, Template, Version, numbers, version_of


def origin(template: Template, record: Record, said: str) -> Version:
    """The version that the copy at HEAD came from. Raises UsageError when it cannot be told.

    In this order: what was said; the commit or the version that the last upgrade recorded; the newest commit of the
    template whose whole tree some commit of the copy has, as the first commit of a copy does, a clone, and a fork; the
    tag of the version that the copy's code names.
    """
    git = template.git
    if said:
        return _said(template, said)
    if record.commit and git.commit(record.commit):
        return template.version(record.commit)
    number = record.version or version_of(git, "HEAD")
    tag = _tag(git, number)
    shared = None if record.version and tag else _shared(git)
    if (commit := shared or tag) is not None:
        return template.version(commit)
    if number is None:
        raise UsageError("this repository's scripts/mooring has no version: is it a copy of the template?")
    raise UsageError(
        f"the template at {template.address} has no tag v{number}, the version that this copy came from",
        "--from REF: a version of the template, or the commit of yours in which its files are as they came",
    )


def _said(template: Template, ref: str) -> Version:
    """A version of the template, or a commit of the copy itself."""
    try:
        return template.resolve(ref)
    except UsageError:
        commit = template.git.commit(ref)
        if commit is None:
            raise
        return template.version(commit)


def _tag(git: Git, number: str | None) -> str | None:
    found = (git.commit(f"{REFS}/tags/{tag}") for tag in (f"v{number}", number))
    return next((commit for commit in found if commit), None)


def _shared(git: Git) -> str | None:
    """The newest commit of the template that has the same tree as a commit of the copy."""
    own = set(git.text("log", "--format=%T", "HEAD").splitlines())
    theirs = git.text("log", "--date-order", "--format=%H %T", f"--glob={REFS}/heads", f"--glob={REFS}/tags")
    for line in theirs.splitlines():
        commit, tree = line.split()
        if tree in own and version_of(git, commit):
            return commit
    return None


def check_direction(git: Git, now: Version, to: Version, *, older: bool) -> None:
    """Raises Refused when the upgrade would go back and nobody said so."""
    if older:
        return
    behind = numbers(to.number) < numbers(now.number)
    before = to.commit != now.commit and git.is_ancestor(to.commit, now.commit)
    if behind or before:
        raise Refused(
            Reason.GUARDED,
            f"{to.label} is older than {now.label}, which is here",
            "--older when that is meant; documents are not migrated back",
        )
