"""A branch that a job keeps: one commit on top of another, never written over what somebody else pushed.

Uses git plumbing with a private index: work tree, index and current branch stay as they are.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.credentials import credentials
from mooring.rollout.writeback import TREE

REMOTE = "origin"


@dataclass(frozen=True, slots=True)
class Kept:
    """`commit` is the head of the branch; `changed` whether it was written now, `pushed` whether the remote has it."""

    branch: str
    commit: str
    changed: bool
    pushed: bool


def keep(root: Path, branch: str, parent: str, files: Mapping[str, str], message: str) -> Kept:
    """The branch as one commit that gives `files` other texts. Written and pushed only where that is news.

    Refused(CONFLICTS) when somebody else committed to it, here or at the remote; Failed(PROCESS) with git's reason.
    """
    git = _Git(root)
    local, remote = git.head(f"refs/heads/{branch}"), git.remote_head(branch)
    for head, where in ((local, "here"), (remote, f"at {REMOTE}")):
        if head and not git.ours(head):
            message = f"somebody else committed to {branch} {where}; it is left as it is"
            raise Refused(Reason.CONFLICTS, message, f"merge it or delete it: git log {branch}")
    tree = git.tree(parent, files)
    current = remote or local
    if current and git.same(current, tree, parent, files):
        changed, commit = False, current
    else:
        changed, commit = True, git.commit(tree, parent, f"{message.rstrip()}\n\n{TREE}: {tree}\n")
    if local != commit:
        git.run("update-ref", f"refs/heads/{branch}", commit)
    if git.has_remote and remote != commit:
        git.push(branch, commit, remote)
    return Kept(branch, commit, changed, git.has_remote)


def publish(root: Path, branch: str, commit: str) -> bool:
    """Pushes a branch that is here; False where there is no remote. Refused(CONFLICTS), Failed(PROCESS)."""
    git = _Git(root)
    if not git.has_remote:
        return False
    if (remote := git.remote_head(branch)) != commit:
        git.push(branch, commit, remote)
    return True


def offer(root: Path, branch: str, commit: str, folders: Sequence[str]) -> Kept:
    """The branch at the remote. It gets a commit that is here, unless it says the same in these folders already.

    What somebody else committed to it stays: they are about to merge something better. Refused(CONFLICTS) where it
    moves meanwhile, Failed(PROCESS) with git's reason.
    """
    git = _Git(root)
    if not git.has_remote:
        return Kept(branch, commit, changed=False, pushed=False)
    remote = git.remote_head(branch)
    if remote and (not git.ours(remote) or git.agree(remote, commit, folders)):
        return Kept(branch, remote, changed=False, pushed=True)
    git.push(branch, commit, remote)
    return Kept(branch, commit, changed=True, pushed=True)


def drop(root: Path, branch: str) -> bool:
    """Deletes the branch here and at the remote, unless somebody else committed to it; whether there was one of ours.

    Failed(PROCESS) with git's reason.
    """
    git = _Git(root)
    local, remote = git.head(f"refs/heads/{branch}"), git.remote_head(branch)
    heads = [head for head in (local, remote) if head]
    if not heads or not all(map(git.ours, heads)):
        return False
    if local:
        git.run("update-ref", "-d", f"refs/heads/{branch}", local)
    if remote:
        git.push(branch, "", remote)
    return True


@dataclass(frozen=True, slots=True)
class _Git:
    root: Path

    def run(self, *arguments: str, data: str = "", environ: Mapping[str, str] | None = None) -> str:
        done = self._attempt(*arguments, data=data, environ=environ)
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise Failed(Reason.PROCESS, f"git {arguments[0]}: {lines[-1] if lines else 'failed'}")
        return done.stdout.strip("\n")

    def _attempt(
        self, *arguments: str, data: str = "", environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(self.root), *arguments]
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            command,
            input=data,
            env={**os.environ, **quiet, **(environ or {})},
            capture_output=True,
            text=True,
            check=False,
        )

    def head(self, ref: str) -> str | None:
        done = self._attempt("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return done.stdout.strip() if done.returncode == 0 else None

    @property
    def has_remote(self) -> bool:
        return self._attempt("remote", "get-url", REMOTE).returncode == 0

    def remote_head(self, branch: str) -> str | None:
        """The branch at the remote, with its commit fetched."""
        if not self.has_remote:
            return None
        said = self.run("ls-remote", REMOTE, f"refs/heads/{branch}", environ=credentials())
        if not said:
            return None
        self.run("fetch", "--quiet", "--no-tags", REMOTE, f"refs/heads/{branch}", environ=credentials())
        return said.split()[0]

    def ours(self, commit: str) -> bool:
        """Whether a commit is as `keep` made it: with what its trailer says, on top of one that is not its kind."""
        form = f"--format=%T|%P|%(trailers:key={TREE},valueonly)"
        tree, parents, said = self.run("show", "-s", form, commit).split("|", 2)
        return said.strip() == tree and len(parents.split()) == 1

    def same(self, commit: str, tree: str, parent: str, files: Mapping[str, str]) -> bool:
        """Whether a commit changes the same files in the same way, be it on an older parent."""
        if self.run("rev-parse", f"{commit}^{{tree}}") == tree:
            return True
        before = self._attempt("diff", "--quiet", f"{commit}^", parent, "--", *files).returncode == 0
        after = self._attempt("diff", "--quiet", commit, tree, "--", *files).returncode == 0
        touched = self.run("diff", "--name-only", f"{commit}^", commit).splitlines()
        return before and after and sorted(touched) == sorted(files)

    def agree(self, one: str, other: str, folders: Sequence[str]) -> bool:
        """Whether two commits have the same in some folders."""
        return self._attempt("diff", "--quiet", one, other, "--", *folders).returncode == 0

    def tree(self, parent: str, files: Mapping[str, str]) -> str:
        """The tree of a commit with other texts in some files."""
        with tempfile.TemporaryDirectory() as folder:
            environ = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.run("read-tree", parent, environ=environ)
            for file, text in files.items():
                blob = self.run("hash-object", "-w", "--no-filters", "--stdin", data=text)
                self.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{file}", environ=environ)
            return self.run("write-tree", environ=environ)

    def commit(self, tree: str, parent: str, message: str) -> str:
        return self.run("commit-tree", tree, "-p", parent, "-F", "-", data=message, environ=self._author())

    def _author(self) -> dict[str, str]:
        """The committer that git has configured, else ours."""
        if self._attempt("var", "GIT_COMMITTER_IDENT").returncode == 0:
            return {}
        names = {f"GIT_{role}_NAME": "mooring" for role in ("AUTHOR", "COMMITTER")}
        return names | {f"GIT_{role}_EMAIL": "mooring@localhost" for role in ("AUTHOR", "COMMITTER")}

    def push(self, branch: str, commit: str, expected: str | None) -> None:
        """Moves the remote's branch, unless it moved meanwhile; an empty commit deletes it. Refused(CONFLICTS)."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expected or ''}"
        done = self._attempt("push", "--quiet", lease, REMOTE, f"{commit}:refs/heads/{branch}", environ=credentials())
        if done.returncode and "stale info" in done.stderr:
            raise Refused(Reason.CONFLICTS, f"somebody pushed to {branch} meanwhile; it is left as it is")
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise Failed(Reason.PROCESS, f"git push: {lines[-1] if lines else 'failed'}")
