"""Checks out the commit of the run, as actions/checkout does: a shallow clone unless the whole history is asked for.

A job that leaves the folder uncleaned runs on a machine of ours, whose folder is there again in the next job, since
slots run from it. The Python environment is the one that runs the tests, so that none is installed anew.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path


def main() -> None:
    hub, workspace = Path(os.environ["STANDIN"]), Path(os.environ["GITHUB_WORKSPACE"])
    queue(hub / f"held-{os.environ['GITHUB_RUN_ID']}-{os.environ['GITHUB_JOB']}")
    if os.environ["CLEAN"] == "false":
        kept = hub / "runners" / "-".join([os.environ["ENVIRONMENT"], *_own_runner()])
        kept.mkdir(parents=True, exist_ok=True)
        if not workspace.is_symlink():
            shutil.rmtree(workspace)
            workspace.symlink_to(kept)
    os.chdir(workspace)
    if not Path(".git").exists():
        git("init", "-q")
        git("remote", "add", "origin", f"file://{hub / 'bare.git'}")
    fetch(os.environ["GITHUB_REF"], os.environ["GITHUB_SHA"])
    if not Path(".venv").exists():
        Path(".venv").symlink_to(os.environ["STANDIN_VENV"])


def queue(held: Path) -> None:
    """Waits as a job waits for its runner, its reviewers or its concurrency group, while a test says so."""
    if held.exists():
        held.with_suffix(".waits").touch()
    while held.exists():
        time.sleep(0.1)


def fetch(ref: str, commit: str) -> None:
    tracked = ref.replace("refs/heads/", "refs/remotes/origin/").replace("refs/pull/", "refs/remotes/pull/")
    if os.environ["DEPTH"] == "0":
        # A folder of earlier jobs may be shallow.
        whole = ["--unshallow"] if Path(".git/shallow").exists() else []
        git("fetch", "-q", "--prune", *whole, "origin", "+refs/heads/*:refs/remotes/origin/*")
        git("fetch", "-q", "origin", f"+{commit}:{tracked}")  # which may be older than its branch by now
    else:
        git("fetch", "-q", f"--depth={os.environ['DEPTH']}", "origin", f"+{commit}:{tracked}")
    if ref.startswith("refs/heads/"):
        git("checkout", "-q", "--force", "-B", ref.removeprefix("refs/heads/"), tracked)
    else:
        git("checkout", "-q", "--force", "--detach", commit)


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "advice.detachedHead=false", *arguments], check=True)


def _own_runner() -> list[str]:
    return ["rollback"] if os.environ["GITHUB_JOB"] == "rollback" else []


if __name__ == "__main__":
    main()
