"""Files for their owner alone, and folders that are put right."""

from pathlib import Path

import pytest

from mooring import private


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o777


def test_what_is_made_is_its_owners_alone_and_what_is_there_is_kept(tmp_path: Path) -> None:
    path = private.file(tmp_path / "state" / "runs.db")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    path.write_text("kept")
    assert private.file(path).read_text() == "kept"


def test_an_open_folder_is_closed_and_the_places_are_counted(tmp_path: Path) -> None:
    root = tmp_path / "state"
    root.mkdir()
    root.chmod(0o755)
    (root / "inner").mkdir()
    (root / "runs.db").write_text("")
    (root / "run.sh").write_text("")
    for path, bits in ((root / "inner", 0o755), (root / "runs.db", 0o644), (root / "run.sh", 0o755)):
        path.chmod(bits)
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    (root / "link").symlink_to(outside)
    assert private.mend(root) == 4
    assert [mode(root), mode(root / "inner"), mode(root / "runs.db"), mode(root / "run.sh")] == [
        0o700,
        0o700,
        0o600,
        0o700,
    ]
    assert mode(outside) == 0o644
    assert private.mend(root) == 0


def test_files_that_nobody_else_could_reach_are_put_right_without_a_word(tmp_path: Path) -> None:
    root = private.folder(tmp_path / "state")
    (root / "report.html").write_text("")
    (root / "report.html").chmod(0o644)
    assert private.mend(root) == 0
    assert mode(root / "report.html") == 0o600


def test_a_folder_that_is_not_there_needs_no_mending(tmp_path: Path) -> None:
    assert private.mend(tmp_path / "nowhere") == 0


def test_a_file_is_written_whole_or_not_at_all_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figures.json"
    private.write(path, "first")
    assert (path.read_text(), mode(path), [one.name for one in tmp_path.iterdir()]) == ("first", 0o600, [path.name])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        private.write(path, "second", lasting=True)
    assert path.read_text() == "first"
