"""What git knows of an evaluation: the files a change touches, and the recordings of a commit."""

from pathlib import Path

from mooring.catalog.source import blobs, commit_of, git

RECORDINGS = "evals/recordings"


def changed(root: Path, ref: str) -> frozenset[str]:
    """Files of the work tree that are not as `ref` has them, new ones too. UsageError when there is no such commit."""
    differing = git(root, "diff", "--name-only", "--no-renames", "-z", commit_of(root, ref), "--")
    untracked = git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(filter(None, (differing + untracked).decode("utf-8", "replace").split("\0")))


def recordings(root: Path, ref: str, folder: Path) -> Path:
    """Writes the recordings of a commit to a folder."""
    listing = git(root, "ls-tree", "-r", "-z", commit_of(root, ref), "--", RECORDINGS).decode("utf-8", "replace")
    files: dict[str, str] = {}
    for line in filter(None, listing.split("\0")):
        head, path = line.split("\t", 1)
        files[path.removeprefix(f"{RECORDINGS}/")] = head.split()[2]
    contents = blobs(root, list(files.values()))
    for path, sha in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(contents[sha])
    return folder
