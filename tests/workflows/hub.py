"""A repository at its host, as far as its workflows can tell: a bare remote, the API, artifacts, runners of ours.

Events start the workflows that GitHub would start, with the workflow files that GitHub would take: those of the merge
commit for a pull request, those of the default branch for everything that may write.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.operate.repository.standin import TOKEN
from tests.repository import CONTENT, HOME, SURROUNDINGS, Repo, until
from tests.workflows import act
from tests.workflows.api import Api

OWNER, STRANGER = "acme", "stranger"
ENVIRONMENTS = ("staging", "production")
DOORS = ("bootstrap.py", "debian-packages.txt", "moor", "mooring", "test")
STATE = "/var/lib/mooring"
LOCKS = ("requirements.lock", "requirements-eval.lock", "requirements-dev.lock", "requirements-model.lock")
PRODUCT = (".github", ".gitignore", "pyproject.toml", *LOCKS, "schemas", *(f"scripts/{name}" for name in DOORS))
TESTS = """#!/bin/sh
echo "the tests of the code ran"
"""
"""Instead of all tests of the code, of which this one is."""


@dataclass
class Hub:
    """`clone` is where people work. `runs` are numbered from 1, as their folders of artifacts are."""

    folder: Path
    api: Api
    clone: Repo
    runs: list[act.Run] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def committed(self, message: str) -> None:
        """A commit of what was edited, with the versions that it has to have."""
        moor(self.clone, "bump")
        self.clone.commit(message)

    @property
    def bare(self) -> Path:
        return self.folder / "bare.git"

    def down(self) -> None:
        """Ends whatever workflows have started."""
        for environment in ENVIRONMENTS:
            moor(self.clone, "down", environment, MOORING_STATE=str(self.folder / "state"))

    def head(self, branch: str) -> str | None:
        return head(self.bare, branch)

    def push(self, branch: str, *options: str) -> str:
        """Pushes what is checked out in the clone; its commit."""
        self.clone.git("push", "-q", *options, "origin", f"HEAD:refs/heads/{branch}")
        return self.clone.git("rev-parse", "HEAD").strip()

    def open(self, branch: str, title: str = "A change", *, owner: str = OWNER, base: str = "main") -> int:
        """A pull request of what is checked out in the clone, from a branch of this repository or of a fork."""
        head: dict[str, Any] = {"ref": branch, "sha": "", "user": {"login": owner}}
        number = int(self.api.add_pull(title, "", base, head, head["user"])["number"])
        self.update(number)
        return number

    def update(self, number: int, *options: str) -> None:
        """Pushes what is checked out in the clone to a pull request; GitHub merges it for its checks."""
        pull = self.pull(number)
        if pull["head"]["user"]["login"] == OWNER:
            self.push(pull["head"]["ref"], *options)
        commit = self.clone.git("rev-parse", "HEAD").strip()
        pull["head"]["sha"] = commit
        base = self.head(pull["base"]["ref"])
        self.clone.git("push", "-q", "--force", "origin", f"{commit}:refs/pull/{number}/head")
        if base:
            tree = self.git("merge-tree", "--write-tree", base, commit)
            merged = self.git("commit-tree", tree, "-p", base, "-p", commit, "-m", f"Merge {commit} into {base}")
            self.git("update-ref", f"refs/pull/{number}/merge", merged)

    def merge(self, number: int) -> str:
        """Merges a pull request into its base, which starts whatever a push starts; the commit."""
        pull = self.pull(number)
        merged = self.git("rev-parse", f"refs/pull/{number}/merge")
        self.git("update-ref", f"refs/heads/{pull['base']['ref']}", merged)
        pull.update(state="closed", merge_commit_sha=merged, merged_at="2026-01-01T00:00:00Z")
        self.clone.git("fetch", "-q", "origin")
        return merged

    def pull(self, number: int) -> dict[str, Any]:
        (found,) = (pull for pull in self.api.pulls if pull["number"] == number)
        return found

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.bare), *arguments],
            env=os.environ | SURROUNDINGS,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def on_pull_request(self, workflow: str, number: int, *options: str) -> act.Run:
        pull = self.pull(number)
        repository = {"full_name": f"{pull['head']['user']['login']}/agents", "owner": pull["head"]["user"]}
        request = {**pull, "head": {**pull["head"], "repo": repository}}
        ref = f"refs/pull/{number}/merge"
        event = {"action": "synchronize", "number": number, "pull_request": request}
        return self.run(workflow, "pull_request", event, ref, self.git("rev-parse", ref), *options)

    def on_main(self, workflow: str, event: str, *options: str, **payload: Any) -> act.Run:
        """Starts a workflow of the default branch."""
        commit = self.head("main")
        assert commit
        return self.run(workflow, event, payload, "refs/heads/main", commit, *options)

    def pretended(self, workflow: str) -> act.Run:
        """A run of a pull request whose code did as it liked."""
        self.runs.append(act.Run(next(self.numbers), workflow, passed=True))
        return self.runs[-1]

    def artifact(self, run: act.Run, name: str) -> Path:
        """Where an artifact is kept, whoever writes it."""
        folder = self.folder / f"artifacts/{run.id}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.zip"

    def on_completed(self, run: act.Run, number: int, head: Mapping[str, Any] | None = None) -> act.Run:
        """What follows the run of a pull request, with rights that it did not have. `head` is what it ran for."""
        head = head or self.pull(number)["head"]
        owner = head["user"]
        done = {
            "id": run.id,
            "name": run.workflow,
            "event": "pull_request",
            "conclusion": "success" if run.passed else "failure",
            "head_branch": head["ref"],
            "head_sha": head["sha"],
            "head_repository": {"full_name": f"{owner['login']}/agents", "owner": owner},
        }
        return self.on_main("comment", "workflow_run", action="completed", workflow_run=done)

    @contextmanager
    def held(self, run: int, job: str, start: Callable[[], act.Run]) -> Iterator[Future[act.Run]]:
        """Starts the run of this number, whose job waits before its first step until the block ends."""
        held = self.folder / f"held-{run}-{job}"
        held.touch()
        with ThreadPoolExecutor(1) as thread:
            try:
                started = thread.submit(start)
                until(lambda: started.done() or held.with_suffix(".waits").exists(), 300)
                yield started
            finally:
                held.unlink()

    def run(
        self, workflow: str, event: str, payload: Mapping[str, Any], ref: str, commit: str, *options: str
    ) -> act.Run:
        number = next(self.numbers)
        root = self.folder / f"run-{number}"
        self.clone.git("fetch", "-q", "origin", commit)
        self.clone.git("worktree", "add", "-q", "--detach", str(root), commit)
        environ = {
            **SURROUNDINGS,
            "GITHUB_API_URL": self.api.url,
            "GITHUB_REPOSITORY": self.api.repository,
            "GITHUB_REF": ref,
            "GITHUB_RUN_ID": str(number),
            "SHA_REF": commit,
            "TERM": "dumb",  # act gives jobs a terminal, which a runner does not
            "STANDIN": str(self.folder),
            "STANDIN_VENV": str((HOME / ".venv").resolve()),
        }
        about = {"repository": {"full_name": self.api.repository, "default_branch": "main", "owner": {"login": OWNER}}}
        given = [*options, "-s", f"GITHUB_TOKEN={TOKEN}"]
        path = root / f".github/workflows/{workflow}.yml"
        self.runs.append(act.run(path, event, {**payload, **about}, environ, given, self.folder))
        return self.runs[-1]


def head(bare: Path, branch: str) -> str | None:
    command = ["git", "-C", str(bare), "rev-parse", "--verify", "-q", f"refs/heads/{branch}"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or None


@contextmanager
def hub(folder: Path, suites: tuple[str, ...]) -> Iterator[Hub]:
    """A repository of the product and of the tests' documents, with a few of their suites."""
    clone = populated(folder, suites)
    bare = folder / "bare.git"
    clone.git("clone", "-q", "--bare", str(clone.root), str(bare))
    clone.git("--git-dir", str(bare), "config", "uploadpack.allowAnySHA1InWant", "true")
    clone.git("remote", "add", "origin", f"file://{bare}")
    clone.git("fetch", "-q", "origin")
    with Api(lambda branch: head(bare, branch)).serving() as api:
        yield Hub(folder, api, clone)


def populated(folder: Path, suites: tuple[str, ...]) -> Repo:
    """The product as it is here, whose machines of ours keep their state below `folder`."""
    root = folder / "clone"
    shutil.copytree(CONTENT, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PRODUCT:
        if (HOME / name).is_dir():
            shutil.copytree(HOME / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(HOME / name, root / name)
    (root / "scripts/test").write_text(TESTS)
    for file in root.glob(".github/workflows/*.yml"):
        file.write_text(file.read_text().replace(STATE, str(folder / "state")))
    for environment in (root / "configs/environments").glob("*.yaml"):
        text = re.sub(r"listen: \S+", "listen: 127.0.0.1:0", environment.read_text())
        environment.write_text(re.sub(r"bakeSeconds: \S+", "bakeSeconds: 0.2", text))
    (root / ".venv").symlink_to((HOME / ".venv").resolve())
    repo = Repo(root)
    repo.git("init", "-q", "-b", "main")
    for drill in (root / "evals/drills").iterdir():
        if drill.stem != "outage":
            drill.unlink()
    repo.edit("evals/drills/outage.yaml", "perMinute: 3", "perMinute: 1")
    repo.keep_suites(suites)
    moor(repo, "schema", "--write")
    repo.commit("generated")
    return repo


def change_tone(hub: Hub, words: str) -> None:
    """A small change of two prompts, committed on a branch."""
    file = hub.clone.root / "prompts/shared/tone.yaml"
    file.write_text(f"{file.read_text().rstrip()} {words}\n")
    hub.committed(words.partition("\n")[0])


def live(hub: Hub, environment: str) -> str:
    """The digest of the release that answers."""
    found = json.loads(moor(hub.clone, "status", environment, "--json", MOORING_STATE=str(hub.folder / "state")))
    (status,) = found["environments"]
    return str(status["live"]["digest"])


def plan(hub: Hub, environment: str, against: str = "live") -> dict[str, Any]:
    """What the documents of the clone would change, whether that is let through or not."""
    command = ["scripts/moor", "plan", environment, "--against", against, "--json"]
    environ = {**os.environ, **SURROUNDINGS, "MOORING_STATE": str(hub.folder / "state")}
    done = subprocess.run(command, cwd=hub.clone.root, env=environ, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def moor(repo: Repo, *arguments: str, **environ: str) -> str:
    """What a person's own call of the command prints in the clone."""
    command = ["scripts/moor", *arguments]
    environ = {**os.environ, **SURROUNDINGS, **environ}
    return subprocess.run(command, cwd=repo.root, env=environ, check=True, capture_output=True, text=True).stdout
