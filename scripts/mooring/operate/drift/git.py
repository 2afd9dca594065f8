"""What git says of an environment: the release of a commit, and what lies between it and the deployed one."""

from pathlib import Path

from mooring.catalog.source import CODE, commit_of, git
from mooring.errors import UsageError
from mooring.operate.drift.sides import Deployed, Git, Stored
from mooring.release.program import FOLDER, program_of

DOCUMENTS = ("configs", "prompts", CODE)
"""The folders that a release is made of."""

BRANCHES = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
"""Where the default branch may be found, the best first."""


def default_branch(root: Path) -> str:
    """The default branch as this clone knows it, else HEAD. Raises UsageError outside of a repository."""
    listing = git(root, "for-each-ref", "--format=%(refname) %(symref)", *BRANCHES).decode().splitlines()
    known = dict(line.split(" ", 1) for line in listing)
    best = next((name for name in BRANCHES if name in known), "HEAD")
    return (known.get(best) or best).removeprefix("refs/remotes/").removeprefix("refs/heads/")


def side(root: Path, ref: str, environment: str, deployed: Deployed | None) -> Git:
    """What a commit makes of the environment. FindingsError, or UsageError when it has no such environment.

    Documents are read only where they are not those of the commit that was deployed.
    """
    commit = commit_of(root, ref)
    known = deployed.base if deployed and deployed.base and _same(root, deployed.commit, commit) else None
    return Git(ref, commit, known or _resolved(root, ref, commit, environment), _program(root, commit))


def _same(root: Path, one: str | None, other: str) -> bool:
    """Whether two commits have the same documents and the same code to resolve them with."""
    if one is None:
        return False
    try:
        return not git(root, "diff", "--name-only", one, other, "--", *DOCUMENTS, FOLDER)
    except UsageError:  # this clone does not have the commit
        return False


def _resolved(root: Path, ref: str, commit: str, environment: str) -> Stored:
    from dataclasses import replace

    from mooring.catalog.load import load
    from mooring.catalog.source import GitTree
    from mooring.errors import FindingsError
    from mooring.release.resolve import resolve

    catalog, _ = load(GitTree(root, commit))
    try:
        made = resolve(catalog, environment)
    except FindingsError as error:
        raise FindingsError([replace(found, file=f"{ref}:{found.file}") for found in error.findings]) from None
    except UsageError as error:
        raise UsageError(f"{ref} at {commit[:12]}: {error}", "push it, or compare with --against REF") from None
    stored = Stored(made.digest, made.data)
    stored.release = made
    return stored


def _program(root: Path, commit: str) -> str | None:
    """The digest of the code in a commit; None where it holds none."""
    listing = git(root, "ls-tree", "-r", "-z", commit, "--", f"{FOLDER}/").decode("utf-8", "replace")
    blobs = {}
    for line in filter(None, listing.split("\0")):
        head, path = line.split("\t", 1)
        if path.endswith(".py"):
            blobs[path.removeprefix(f"{FOLDER}/")] = head.split()[2]
    return program_of(blobs) if blobs else None


def between(root: Path, deployed: str | None, commit: str) -> tuple[bool, float | None]:
    """(whether a commit has the deployed one in its history, when documents changed first after that; None if not)."""
    if deployed is None:
        return False, None
    try:
        merged = git(root, "rev-list", "--count", deployed, f"^{commit}").decode().strip() == "0"
        times = git(root, "log", "--format=%ct", f"{deployed}..{commit}", "--", *DOCUMENTS).decode().split()
    except UsageError:  # this clone does not have the commit
        return False, None
    return merged, float(times[-1]) if times else None
