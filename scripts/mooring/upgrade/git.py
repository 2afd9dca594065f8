"""Git as an upgrade needs it: never asks a question, runs no hook, says what went wrong in one line."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason

_LOCAL = re.compile(r"GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|NAMESPACE|CONFIG_PARAMETERS)")
"""What git tells its hooks about another repository, or about another index of this one."""


class GitError(Exception):
    """A git command failed; the argument is git's own reason."""


@dataclass(frozen=True, slots=True)
class Git:
    """The repository with its work tree at `root`."""

    root: Path

    def run(self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None) -> bytes:
        """Standard output. Raises GitError; Failed when git is not installed or the disk refuses."""
        done = self.attempt(*arguments, stdin=stdin, environ=environ)
        if done.returncode:
            raise GitError(reason(done.stderr) or f"git {arguments[0]} failed")
        return done.stdout

    def attempt(
        self, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """The same, for commands whose exit code is an answer."""
        command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "-C", str(self.root)]
        try:
            return subprocess.run(
                [*command, *arguments], input=stdin, capture_output=True, check=False, env=surroundings(environ)
            )
        except FileNotFoundError:
            raise UsageError("git is not installed") from None
        except OSError as error:
            raise Failed(Reason.PROCESS, f"git cannot be started: {error.strerror}") from None

    def text(self, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        return self.run(*arguments, environ=environ).decode("utf-8", "replace").strip("\n")

    def commit(self, name: str) -> str | None:
        """The full hash of the commit that `name` means; None when it means none."""
        done = self.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def file(self, commit: str, path: str) -> bytes | None:
        """The content of a file in a commit; None when it is not there."""
        done = self.attempt("cat-file", "blob", f"{commit}:{path}")
        return done.stdout if done.returncode == 0 else None

    def is_ancestor(self, older: str, newer: str) -> bool:
        return self.attempt("merge-base", "--is-ancestor", older, newer).returncode == 0


def surroundings(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of git and of what runs in another work tree. A question for a password is an error instead."""
    kept = {name: value for name, value in os.environ.items() if not _LOCAL.fullmatch(name)}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    if "GIT_SSH_COMMAND" not in kept and "GIT_SSH" not in kept:
        quiet["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
    return {**kept, **quiet, **(more or {})}


def reason(stderr: bytes) -> str:
    """The line of git's messages that says most: the first fatal one, else the first."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))]
    return next(iter(fatal or lines), "").removeprefix("fatal: ").removeprefix("error: ")


def repository(root: Path) -> Git:
    """The repository of a checkout. Raises UsageError where an upgrade cannot work."""
    git = Git(root)
    try:
        top = git.text("rev-parse", "--show-toplevel")
    except GitError:
        raise UsageError(f"{root} is no git repository", "git init, and commit what is there") from None
    if Path(top).resolve() != root.resolve():
        raise UsageError(f"{root} is a folder inside of the repository {top}; an upgrade needs it at the top")
    if git.commit("HEAD") is None:
        raise UsageError("there is no commit yet", "commit what is there, then upgrade")
    return git
