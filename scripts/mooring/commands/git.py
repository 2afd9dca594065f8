"""What a deployment asks of git about the documents it deploys."""

from pathlib import Path

from mooring.catalog.source import commit_of, git
from mooring.errors import Refused, UsageError
from mooring.outcome import Reason
from mooring.report.console import Console
from mooring.spec import Environment

FOLDERS = ("configs", "prompts", "evals")


def commit(root: Path, ref: str = "HEAD") -> str | None:
    """The commit that `ref` names; None outside a repository or when this clone does not have it."""
    try:
        return commit_of(root, ref)
    except UsageError:
        return None


def dirty(root: Path) -> list[str]:
    """Documents that differ from the checked-out commit, new ones too. UsageError outside a repository."""
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    said = git(root, "status", *options, "--", *FOLDERS).decode("utf-8", "replace")
    return sorted(entry[3:] for entry in said.split("\0") if entry)


def committed(root: Path, environment: Environment, allow_dirty: bool, console: Console) -> str | None:
    """The commit that is deployed; None when the work tree differs from it.

    Raises Refused(DIRTY_TREE) for staging and production, whose releases must be found in git again.
    """
    try:
        changed, problem = dirty(root), ""
    except UsageError as error:
        changed, problem = [], str(error)
    if not changed and not problem:
        return commit(root)
    what = problem or f"{len(changed)} uncommitted: {', '.join(changed[:3])}{', …' * (len(changed) > 3)}"
    if environment.tier == "development" or allow_dirty:
        console.note(f"what goes out is not in git ({what})")
        return None
    raise Refused(
        Reason.DIRTY_TREE,
        f"{environment.tier} takes only what is committed ({what})",
        fix="commit it, or --allow-dirty when it cannot wait",
    )
