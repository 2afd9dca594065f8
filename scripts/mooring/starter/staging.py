"""What a repository would be with other content, built in a folder of its own; the repository is only read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from mooring.catalog import codeowners, schemas, versions
from mooring.catalog.history import content_of
from mooring.catalog.load import load
from mooring.catalog.parse import parse
from mooring.catalog.source import WorkTree, commit_of, git


@contextmanager
def staged(root: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary repository with the history of `root` and `files` as all of its content.

    Versions are raised where one stood for another content before; schemas and CODEOWNERS are generated.
    """
    with TemporaryDirectory(prefix="moor-init-") as folder:
        stage = Path(folder) / _asked(root, "--show-prefix")
        stage.mkdir(exist_ok=True, parents=True)
        _share_history(root, Path(folder))
        for file, content in files.items():
            (stage / file).parent.mkdir(parents=True, exist_ok=True)
            (stage / file).write_bytes(_kept(root / file, content))
        versions.bump(stage, "HEAD", [])
        schemas.write(stage)
        if (root / codeowners.FILE).parent.is_dir():
            codeowners.write(stage, load(WorkTree(stage))[0])
        yield stage


def _share_history(root: Path, folder: Path) -> None:
    """Makes `folder` a repository that reads the objects of `root`, which may be shallow, or a linked work tree."""
    commit = commit_of(root, "HEAD")
    git(folder, "init", "--quiet", "--template=", f"--object-format={_asked(root, '--show-object-format')}")
    info = folder / ".git/objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{(root / _asked(root, '--git-path', 'objects')).resolve()}\n")
    shallow = root / _asked(root, "--git-path", "shallow")
    if shallow.is_file():
        copyfile(shallow, folder / ".git/shallow")
    git(folder, "update-ref", "HEAD", commit)


def _asked(root: Path, *question: str) -> str:
    """What `git rev-parse` answers, on one line."""
    return os.fsdecode(git(root, "rev-parse", *question)).removesuffix("\n")


def _kept(path: Path, content: bytes) -> bytes:
    """What is there already where it says the same, with its version; else the new content."""
    if path.suffix != ".yaml" or not path.is_file():
        return content
    there = path.read_bytes()
    before, after = parse(path.name, there).data, parse(path.name, content).data
    return there if before and after and content_of(before) == content_of(after) else content


def contents(stage: Path) -> dict[str, bytes]:
    """Every file of a staged repository, by its path."""
    found = (path for path in sorted(stage.rglob("*")) if path.is_file())
    named = ((path.relative_to(stage), path) for path in found)
    return {name.as_posix(): path.read_bytes() for name, path in named if name.parts[0] != ".git"}
