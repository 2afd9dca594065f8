"""Files are replaced all together, or not at all."""

from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.starter.replacement import apply, replacement


def tree(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for file in ("a/old.yaml", "a/same.yaml", "b/changed.yaml", "b/deep/gone.yaml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    return tmp_path


BEFORE = ("a/old.yaml", "a/same.yaml", "b/changed.yaml", "b/deep/gone.yaml")
AFTER = {"a/same.yaml": b"a/same.yaml", "b/changed.yaml": b"other", "c/new.yaml": b"new"}


def test_what_is_to_be_is_what_there_is_afterwards(root: Path) -> None:
    change = replacement(root, BEFORE, AFTER)
    assert (change.removed, change.changed, change.written) == (
        ["a/old.yaml", "b/deep/gone.yaml"],
        ("b/changed.yaml",),
        ["c/new.yaml"],
    )
    apply(root, change)
    assert tree(root) == {file: text.decode() for file, text in AFTER.items()}
    assert not (root / "b/deep").exists()


@pytest.mark.parametrize("obstacle", ["c", "c/new.yaml"], ids=["no folder can be made", "a folder is in the way"])
def test_after_a_failure_everything_is_as_it_was(obstacle: str, root: Path) -> None:
    if obstacle == "c":
        (root / obstacle).write_text("a file")
    else:
        (root / obstacle).mkdir(parents=True)
    before = tree(root)
    with pytest.raises(Failed, match="nothing was changed"):
        apply(root, replacement(root, BEFORE, AFTER))
    assert tree(root) == before


def test_nothing_is_written_through_a_link(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (root / "c").symlink_to(outside)
    before = tree(root)
    with pytest.raises(Failed, match="leads out of the repository"):
        apply(root, replacement(root, BEFORE, AFTER))
    assert tree(root) == before
    assert not any(outside.iterdir())
