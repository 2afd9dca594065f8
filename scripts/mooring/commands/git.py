"""What a command asks of git about the work tree."""

from pathlib import Path

from mooring.catalog.source import commit_of, git
from mooring.errors import UsageError

FOLDERS = ("configs", "prompts", "evals")


def commit(root: Path) -> str | None:
    """The checked-out commit; None outside a repository and before its first commit."""
    try:
        return commit_of(root, "HEAD")
    except UsageError:
        return None


def dirty(root: Path) -> list[str]:
    """Documents that differ from the checked-out commit, new ones too. UsageError outside a repository."""
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    said = git(root, "status", *options, "--", *FOLDERS).decode("utf-8", "replace")
    return sorted(entry[3:] for entry in said.split("\0") if entry)
