"""The content of a repository as git has it: what `moor init` replaces, and whether nothing would be lost by that."""

import os
import subprocess
from pathlib import Path

from mooring.catalog.codeowners import FILE as CODEOWNERS
from mooring.catalog.schemas import FOLDER as SCHEMAS
from mooring.catalog.source import CODE, commit_of, git
from mooring.catalog.source import HISTORIES as DRILLS
from mooring.errors import Refused, UsageError
from mooring.outcome import Reason

FOLDERS = ("configs", "prompts", "evals", CODE)
"""Where a team's own files are."""

KEPT = ("evals/simulator/README.md",)
"""Files in there that explain the format and hold nothing of a team."""


def of_drills(file: str) -> bool:
    """Whether a file is a drill, or a history that one replays: outages are the same for whatever agents there are."""
    return file.startswith(f"{DRILLS}/") and file.endswith((".yaml", ".csv"))


_SHOWN = 3
_SUFFIXES = (".yaml", ".yml", ".py")


def committed(root: Path) -> dict[str, bytes]:
    """Every file of the content and of the generated schemas by its path, as the checked-out commit has it.

    Raises Refused(DIRTY_TREE) when anything differs from the commit, since git could not bring it back; UsageError
    without git, a commit, or where a file is a link.
    """
    try:
        commit_of(root, "HEAD")
    except UsageError as error:
        fix = "git init && git add -A && git commit, so that what is replaced can be had back"
        raise UsageError(f"{error}: only what is committed may be replaced", fix) from None
    if changed := _changed(root):
        named = f"{', '.join(changed[:_SHOWN])}{', …' * (len(changed) > _SHOWN)}"
        raise Refused(
            Reason.DIRTY_TREE,
            f"init replaces only what is committed ({len(changed)} uncommitted: {named})",
            "commit it, or put it aside: git stash --include-untracked",
        )
    files = os.fsdecode(git(root, "ls-files", "-z", "--", *FOLDERS, SCHEMAS)).split("\0")
    paths = {file: root / file for file in sorted(filter(None, files))}
    if links := [file for file, path in paths.items() if path.is_symlink() or not path.is_file()]:
        raise UsageError(f"not a plain file: {', '.join(links[:_SHOWN])}", "replace links by what they lead to")
    return {file: path.read_bytes() for file, path in paths.items()}


def _changed(root: Path) -> list[str]:
    """Files that differ from the commit, also new ones, and documents that git was told to ignore."""
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignored", "--no-renames")
    said = git(root, "status", *options, "--", *FOLDERS, SCHEMAS, CODEOWNERS).decode("utf-8", "replace")
    entries = [(entry[:2], entry[3:]) for entry in said.split("\0") if entry]
    return sorted(file for state, file in entries if state != "!!" or file.endswith(_SUFFIXES))


def remote_owner(root: Path) -> str | None:
    """The account that the remote `origin` belongs to, as `@acme`; None without one."""
    try:
        url = git(root, "remote", "get-url", "origin").decode().strip()
    except (UsageError, subprocess.SubprocessError):
        return None
    parts = url.removesuffix(".git").replace(":", "/").split("/")
    account = parts[-2] if len(parts) > 2 and ("://" in url or "@" in url) else ""
    return f"@{account}" if account.replace("-", "").isalnum() and account.isascii() else None
