"""What a repository would be with other content, built in a folder of its own; the repository is only read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mooring.catalog import codeowners, schemas, versions
from mooring.catalog.load import load
from mooring.catalog.source import WorkTree, commit_of, git


@contextmanager
def staged(root: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary repository with the history of `root` and `files` as all of its content.

    Versions are raised where one stood for another content before; schemas and CODEOWNERS are generated.
    """
    commit = commit_of(root, "HEAD")
    top = git(root, "rev-parse", "--show-toplevel").decode().strip()
    below = git(root, "rev-parse", "--show-prefix").decode().strip()
    with TemporaryDirectory(prefix="moor-init-") as folder:
        clone = Path(folder) / "repository"
        git(root, "clone", "--quiet", "--shared", "--no-checkout", "--", top, str(clone))
        git(clone, "update-ref", "--no-deref", "HEAD", commit)
        stage = clone / below
        for file, content in files.items():
            (stage / file).parent.mkdir(parents=True, exist_ok=True)
            (stage / file).write_bytes(content)
        versions.bump(stage, "HEAD", [])
        schemas.write(stage)
        if (root / codeowners.FILE).parent.is_dir():
            codeowners.write(stage, load(WorkTree(stage))[0])
        yield stage


def contents(stage: Path) -> dict[str, bytes]:
    """Every file of a staged repository, by its path."""
    found = (path for path in sorted(stage.rglob("*")) if path.is_file())
    named = ((path.relative_to(stage), path) for path in found)
    return {name.as_posix(): path.read_bytes() for name, path in named if name.parts[0] != ".git"}
