"""A folder of a branch at a remote, which others write to as well.

Uses git plumbing with a private index: work tree, index, local branches and FETCH_HEAD of others stay as they are.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mooring.catalog.source import blobs
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.credentials import credentials

PLACE = "target.apply.git in the environment's document"


@dataclass(frozen=True, slots=True)
class Held:
    """What a branch holds: `files` of the folder, by name, as of `commit`; None for a branch that is not there."""

    commit: str | None
    files: Mapping[str, str] = field(default_factory=dict)


class Branch:
    """One folder of one branch. Raises Failed(PROCESS) with git's reason when the remote cannot be reached."""

    def __init__(self, root: Path, remote: str, name: str, folder: str) -> None:
        self.root, self.remote, self.name, self.folder = root, remote, name, folder

    def read(self) -> Held:
        """What the remote has now."""
        said = self._run("ls-remote", self.remote, self._ref)
        if not said:
            return Held(None)
        commit = said.split()[0]
        if self._attempt("cat-file", "-e", f"{commit}^{{commit}}").returncode:
            self._run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.remote, self._ref)
        if self._attempt("cat-file", "-e", f"{commit}^{{commit}}").returncode:
            return self.read()  # it was moved between the two
        entries = self._run("ls-tree", "-z", "--full-tree", commit, "--", f"{self.folder}/").split("\0")
        shas = {entry.rpartition("/")[2]: entry.split()[2] for entry in entries if entry.endswith(".yaml")}
        contents = blobs(self.root, list(shas.values()))
        return Held(commit, {name: contents[sha].decode("utf-8", "replace") for name, sha in shas.items()})

    def write(self, held: Held, files: Mapping[str, str], message: str) -> str | None:
        """Commits files on top of what was read, and pushes; the commit, or None when somebody else was first."""
        tree = self._tree(held, files)
        parents = ("-p", held.commit) if held.commit else ()
        commit = self._run("commit-tree", tree, *parents, "-F", "-", data=message, environ=self._author())
        lease = f"--force-with-lease={self._ref}:{held.commit or ''}"
        done = self._attempt("push", "--quiet", "--porcelain", lease, self.remote, f"{commit}:{self._ref}")
        if done.returncode == 0:
            return commit
        if self._moved(held):
            return None
        lines = [line for line in (done.stderr + done.stdout).strip().splitlines() if line]
        said = lines[-1] if lines else "failed"
        raise Failed(Reason.PROCESS, f"git push to {self.name} at {self.remote}: {said}", f"see {PLACE}")

    def _moved(self, held: Held) -> bool:
        said = self._run("ls-remote", self.remote, self._ref)
        return (said.split()[0] if said else None) != held.commit

    def _tree(self, held: Held, files: Mapping[str, str]) -> str:
        """The tree of what was read, with the folder's files as they are given."""
        with tempfile.TemporaryDirectory() as folder:
            environ = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._run("read-tree", *([held.commit] if held.commit else ["--empty"]), environ=environ)
            for name in held.files.keys() - files.keys():
                self._run("update-index", "--force-remove", f"{self.folder}/{name}", environ=environ)
            for name, text in files.items():
                if held.files.get(name) != text:
                    blob = self._run("hash-object", "-w", "--no-filters", "--stdin", data=text)
                    entry = f"100644,{blob},{self.folder}/{name}"
                    self._run("update-index", "--add", "--cacheinfo", entry, environ=environ)
            return self._run("write-tree", environ=environ)

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.name}"

    def _author(self) -> dict[str, str]:
        """The committer that git has configured, else ours."""
        if self._attempt("var", "GIT_COMMITTER_IDENT").returncode == 0:
            return {}
        names = {f"GIT_{role}_NAME": "mooring" for role in ("AUTHOR", "COMMITTER")}
        return names | {f"GIT_{role}_EMAIL": "mooring@localhost" for role in ("AUTHOR", "COMMITTER")}

    def _run(self, *arguments: str, data: str = "", environ: Mapping[str, str] | None = None) -> str:
        done = self._attempt(*arguments, data=data, environ=environ)
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            said = lines[-1] if lines else "failed"
            raise Failed(Reason.PROCESS, f"git {arguments[0]} of {self.name}: {said}", f"see {PLACE}")
        return done.stdout.rstrip("\n")

    def _attempt(
        self, *arguments: str, data: str = "", environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(self.root), *arguments]
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        given = {**os.environ, **quiet, **credentials(), **(environ or {})}
        return subprocess.run(command, input=data, env=given, capture_output=True, text=True, check=False)
